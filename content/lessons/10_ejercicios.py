# %% [markdown]
# # 10 · Los ejercicios
#
# **Objetivo.** Saber qué te espera en los ocho ejercicios, cómo te corrige el taller y por dónde vas.
#
# Al terminar sabrás:
# - abrir un ejercicio, entregarlo y leer su tarjeta;
# - qué se comprueba en cada uno, y cuántos puntos vale;
# - por qué una respuesta con nombres escritos a mano funciona hoy y suspende mañana.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %% [markdown]
# ## Tu progreso

# %%
from taller import Lab, progress_table, quiz

progress_table(prefix)

# %% [markdown]
# ## Los ocho encargos
#
# | | Encargo | Se apoya en |
# |---|---|---|
# | 1 | **Provider y volúmenes**: provider docker y tres volúmenes, `raw`, `silver` y `gold`; verlos en `docker volume ls` | lección 1 |
# | 2 | **Imagen del pipeline**: `docker_image` que construye con el `Dockerfile`, con `image_tag` como variable | lecciones 1 y 6 |
# | 3 | **Contenedor de entrenamiento**: ejecutar `titanic.cli train` con `gold` en `/app/data/features` y `models` en `/app/models` | lecciones 1 y 3 |
# | 4 | **Red privada**: una `docker_network` para un ETL de mentira y el entrenamiento | lecciones 1 y 4 |
# | 5 | **Módulos**: volúmenes y red, a un módulo `data_layer`, sin perder nada | lección 5 |
# | 6 | **Versionado de imágenes**: `image_tag` desde fuera, y varias imágenes a la vez | lección 6 |
# | 7 | **Backend remoto** (opcional): migrar el state a S3, y comprobar que llega entero | lección 9 |
# | 8 | **Validación de drift** (opcional): borrar un volumen a mano y leer lo que propone `plan` | lección 9 |
#
# (El documento del curso llama `ml_pipeline_titanic` al paquete; en este repositorio es `titanic`.)

# %%
from IPython.display import Markdown
from taller.catalog import load_catalog

catalog = load_catalog()
links = [
    f"- [Ejercicio {int(exercise.id[2:])} · {exercise.title}](../exercises/{exercise.name}.ipynb)"
    f" · {exercise.points} puntos{' · opcional' if exercise.optional else ''}"
    for exercise in catalog.exercises
]
Markdown("\n".join(links))

# %% [markdown]
# ## Cómo se trabaja
#
# 1. Abre el cuaderno del ejercicio y escribe donde pone `TODO`.
# 2. Ejecuta `lab.plan()`, lee el plan y, si te convence, `lab.apply()`.
# 3. Ejecuta las celdas de comprobación, o `lab.check()` para verlas todas. Cada comprobación da sus
#    puntos por separado, y puedes repetir cuantas veces quieras: **cuenta lo que haya al final**.
# 4. ¿Atasco? `lab.hint("id_de_la_comprobacion", 1)` da un empujón; con `2`, algo más concreto; con `3`,
#    la página de la documentación.
#
# Desde una terminal es lo mismo: `taller list`, `taller check ej01`, `taller hint ej01`, y
# `taller watch ej01`, que comprueba cada vez que guardas.

# %% [markdown]
# ## Ahora tú: qué se comprueba
#
# Esta es la lista de un ejercicio. Cambia `"ej01"` por el que vayas a hacer. Al entregar hay alguna
# comprobación más que no se ve: por eso conviene resolver **el problema**, y no la lista.

# %%
import pandas as pd
from taller.checks.engine import select

pd.set_option("display.max_colwidth", None)  # las frases, enteras
exercise = catalog.exercise("ej01")
rubric = [(check.id, check.title, check.points) for check in select(exercise)]
pd.DataFrame(rubric, columns=["id", "se comprueba que…", "puntos"]).set_index("id")

# %% [markdown]
# ## Calentamiento: el error más frecuente
#
# Esta configuración crea justo lo que debe… si tu prefijo es `dev`. ¿Ves el problema?

# %%
lab = Lab("leccion-10", prefix=prefix, banner=False)

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

resource "docker_volume" "raw" {
  name = "dev_raw"
}

resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"
}

# %% [markdown]
# Las comprobaciones no leen tu texto buscando palabras: hacen **otro plan, con otro prefijo**, y miran
# qué nombres salen. Hagamos nosotros lo mismo.

# %%
plan = lab.plan(prefix="vecina")
{address: plan[address].after["name"] for address in plan.to_create}

# %% [markdown]
# `dev_raw` es de otra persona: el `apply` de tu vecina chocaría con el tuyo. Se arregla con una
# referencia, `"${var.prefix}_raw"`, y así será en los ocho ejercicios.

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

resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}

resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"
}

# %%
plan = lab.plan(prefix="vecina")
{address: plan[address].after["name"] for address in plan.to_create}

# %% [markdown]
# ## Compruébalo

# %%
quiz("10-1")

# %%
quiz("10-2")

# %%
quiz("10-3")

# %% tags=["teardown"]
lab.teardown()
