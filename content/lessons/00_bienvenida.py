# %% [markdown]
# # 0 · Te damos la bienvenida
#
# En este taller vas a levantar una **plataforma de datos de verdad** (la del Titanic: 1309 pasajeros,
# cinco capas de datos y un modelo entrenado) escribiendo **qué quieres**, y no los pasos para
# conseguirlo. Tú lo describes, **Terraform** calcula los pasos y **Docker** lo ejecuta.
#
# **Objetivo.** Comprobar que tu equipo está listo, ver el mapa completo y crear tu primer recurso.
#
# Al terminar sabrás:
# - qué herramientas usa el taller y si las tienes;
# - cómo es un cuaderno por dentro: ejecutar, mirar, cambiar algo, comprobar;
# - por dónde empezar, y dónde está tu progreso.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %% [markdown]
# ## Qué vas a aprender
#
# | Al final del taller podrás… | Dónde |
# |---|---|
# | explicar el lenguaje de Terraform y la infraestructura declarativa | lecciones 1, 5 y 6 |
# | usar los recursos del *provider* de Docker | lección 1, ejercicios 1 a 4 |
# | separar Ingeniería de Datos y Ciencia de Datos en una arquitectura | lecciones 2, 3 y 4 |
# | aplicar esa arquitectura al pipeline Titanic (aquí, en `src/titanic`) | lecciones 4, 7 y 12 |
# | dejarlo preparado para CI/CD, versiones de modelos y despliegue | lecciones 8, 9 y 11 |

# %% [markdown]
# ## ¿Está listo tu equipo?
#
# Ejecuta cada celda con **Mayús + Intro**. Esta pasa lista a lo que hace falta: Python,
# un Docker Engine que conteste, Terraform ≥ 1.5, su *provider* y una imagen base. Es lo mismo que
# escribir `taller doctor` en una terminal.

# %%
from taller import Lab, progress_table, quiz
from taller.doctor import examine
from taller.lab.shown import Table

WORDS = {"found": "✓ encontrado", "embedded": "◆ embebido", "missing": "✗ falta"}
findings = examine()
Table(
    "Tu equipo",
    ("pieza", "estado", "versión", "detalle"),
    [(f.part, WORDS[f.status], f.version, f.advice or f.detail) for f in findings],
)

# %% [markdown]
# **◆ embebido** quiere decir que el taller ha puesto su propia pieza porque la original no se podía
# descargar; lo que hace, lo hace igualmente sobre un Docker de verdad. Si algo **falta**, el detalle
# dice cómo conseguirlo (casi siempre, `taller doctor --fix`), y mientras tanto puedes seguir leyendo.
#
# El cuarto prerrequisito es Git: con su número de commit pondremos versión a las imágenes.

# %%
import shutil
import subprocess

git = shutil.which("git")
if git:
    print(subprocess.check_output([git, "--version"], text=True))
else:
    print("Falta Git: instálalo antes de la lección 6.")

# %% [markdown]
# ## Tu primer recurso
#
# Todo lo que crees en Docker empezará por tu **prefijo**: así nadie pisa lo de nadie, ni tú lo del
# vecino si compartís equipo. Se elige una sola vez, aquí, y vale para todos los cuadernos y para la
# terminal. Con `dev` basta si estás a solas; tu nombre (`ana`, `ana-01`) también sirve.

# %%
from taller import ask_prefix

prefix = ask_prefix(prefix)

# %% [markdown]
# Un `Lab` es una carpeta con su propia configuración de Terraform. El recuadro dice con qué trabaja,
# y tu prefijo.

# %%
lab = Lab("leccion-00", prefix=prefix)

# %% [markdown]
# Una celda que empieza por `%%hcl` es un archivo de Terraform: se guarda y se revisa su sintaxis.
# Esta declara un volumen de Docker. Léela despacio: no dice *cómo* crearlo, solo que **debe existir**.

# %%
# %%hcl main.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

variable "prefix" {
  type = string
}

resource "docker_volume" "bienvenida" {
  name = "${var.prefix}_bienvenida"
}

# %% [markdown]
# `plan` compara lo escrito con lo que hay y anuncia qué haría (`+` crear, `~` cambiar, `-` destruir).
# No toca nada.

# %%
lab.plan()

# %%
lab.apply()

# %% [markdown]
# ¿Ha ocurrido de verdad? Que lo diga Docker, con una tabla y con un dibujo.

# %%
lab.docker.volumes()

# %%
lab.picture()

# %% [markdown]
# ## Ahora tú
#
# Vuelve a la celda `%%hcl`, cambia el nombre a `"${var.prefix}_hola"`, ejecútala y ejecuta también
# esta. Antes de mirar, piensa: ¿Terraform cambiará el volumen (`~`) o lo reemplazará (`±`)?

# %%
lab.plan()

# %% [markdown]
# ## El mapa del taller
#
# Las **lecciones** se leen y se ejecutan; los **ejercicios** los escribes tú, y una tarjeta te dice al
# momento qué has conseguido. Un buen orden: lección 1, ejercicios 1 a 4, lecciones 2 a 6, ejercicios
# 5 y 6, y el resto. Cada enlace abre su cuaderno.

# %%
from IPython.display import Markdown
from taller.catalog import load_catalog

catalog = load_catalog()
lessons = [f"- [{lesson.title}](../notebooks/{lesson.name}.ipynb)" for lesson in catalog.lessons]
exercises = [
    f"- [Ejercicio {int(exercise.id[2:])} · {exercise.title}](../exercises/{exercise.name}.ipynb)"
    f"{' (opcional)' if exercise.optional else ''}"
    for exercise in catalog.exercises
]
Markdown("\n".join(["**Lecciones**\n", *lessons, "\n**Ejercicios**\n", *exercises]))

# %% [markdown]
# Y este es tu progreso; vuelve a ejecutar la celda cuando quieras.

# %%
progress_table(prefix)

# %% [markdown]
# ## Compruébalo
#
# Cada lección acaba con tres preguntas. Elige una opción: al momento lees por qué sí o por qué no. Tu
# taller recuerda lo que elegiste, solo para ti: no da ni quita puntos.

# %%
quiz("00-1")

# %%
quiz("00-2")

# %%
quiz("00-3")

# %% [markdown]
# ## Recoger
#
# La última celda de cada cuaderno destruye lo que creó: Docker queda como estaba.

# %% tags=["teardown"]
lab.teardown()
