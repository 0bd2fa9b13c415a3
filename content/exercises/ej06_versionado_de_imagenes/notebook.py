# %% [markdown]
# # Ejercicio 6 · Versionado de imágenes
#
# «En mi máquina funciona.» ¿Con qué código? ¿El de hoy o el del martes? Si todas las imágenes se
# llaman `titanic:latest`, nadie lo sabe: `latest` no es una versión, es una moda pasajera.
#
# Vas a dar a cada imagen el nombre del **commit** del que sale. Al terminar sabrás:
#
# - declarar una variable `image_tag` que se niega a ser `latest`;
# - darle valor desde fuera, por línea de órdenes y exportándola;
# - tener varias versiones a la vez en Docker y volver a la anterior.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

lab = Lab("ej06", prefix=prefix)

# %% [markdown]
# ## 1. Un proyecto con historia
#
# El modelo de hoy cabe en tres líneas: decide quién se salva con una sola regla. Vive en su propio
# repositorio de Git, dentro de la carpeta del ejercicio. Ejecuta las dos celdas tal cual.

# %%
from taller import process

app = lab.folder / "app"
app.mkdir(exist_ok=True)
(app / "Dockerfile").write_text(f"""\
ARG BASE_IMAGE
FROM ${{BASE_IMAGE}}
COPY score.py /app/
CMD ["python3", "/app/score.py"]
LABEL taller.prefix="{prefix}" taller.exercise="ej06"
""")
(app / ".dockerignore").write_text(".git\n")


def git(*words):
    """Ejecuta git en la carpeta app y devuelve lo que imprime."""
    author = ["-c", "user.name=Taller", "-c", "user.email=taller@example.org"]
    done = process.run(["git", *author, *words], cwd=app, timeout=30)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


git("init", "--quiet")

# %%
MODELO = """\
for nombre, quien in [("Rose", "mujer"), ("Jack", "hombre"), ("Eino", "niño")]:
    print(f"{nombre}:", "se salva" if REGLA else "no se salva")
"""


def version(nombre, regla):
    """Deja app/ como en esa versión; la primera vez, la escribe y hace el commit."""
    if git("tag", "--list", nombre):
        git("checkout", "--quiet", nombre)
        return
    (app / "score.py").write_text(MODELO.replace("REGLA", regla), "utf-8")
    git("add", ".")
    git("commit", "--quiet", "--message", f"{nombre}: {regla}")
    git("tag", nombre)


version("v1", "quien == 'mujer'")
print(git("log", "--oneline"))

# %% [markdown]
# ## 2. La etiqueta, como variable
#
# `image_tag` la dirá quien ejecute Terraform: por eso **no lleva valor por defecto**. Si alguien la
# olvida, mejor un error que una imagen sin nombre conocido.
#
# Un bloque `validation` dentro de la variable comprueba lo que llega, antes de tocar nada:
#
# ```hcl
# validation {
#   condition     = …            # una expresión que debe ser cierta
#   error_message = "…"          # lo que leerá quien se equivoque
# }
# ```
#
# Puedes exigir que no sea `latest` o, mejor, que parezca un commit:
# `can(regex("^[0-9a-f]{7,40}$", var.image_tag))`.

# %%
# %%hcl versions.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

provider "docker" {}

variable "prefix" {
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
}

variable "base_image" {
  description = "La imagen sobre la que se construye la nuestra."
  type        = string
}

# %% tags=["answer"] grade_id="variables_tf"
# %%hcl variables.tf
### BEGIN SOLUTION: declara image_tag: string, sin valor por defecto y con una validation que rechace «latest»
variable "image_tag" {
  description = "El commit corto del que sale la imagen."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{7,40}$", var.image_tag))
    error_message = "image_tag debe ser un commit corto, como 1a2b3c4; «latest» no dice cuál."
  }
}
### END SOLUTION

# %% [markdown]
# ## 3. La imagen
#
# Se llamará `<prefix>-titanic:<image_tag>`. Dos detalles la hacen de fiar:
#
# - `keep_locally = true`: al cambiar de etiqueta, Terraform **sustituye** el recurso, y la imagen
#   anterior se borraría. Con esto se queda en Docker, por si hay que volver.
# - Una *label* con el commit, dentro de la imagen. Aunque alguien le cambie el nombre, sabrás de
#   dónde salió. La clave es un estándar: `org.opencontainers.image.revision`.

# %% tags=["answer"] grade_id="image_tf"
# %%hcl image.tf
resource "docker_image" "app" {
  ### BEGIN SOLUTION: nombre <prefix>-titanic:<image_tag>, y que la imagen anterior se quede en Docker
  name         = "${var.prefix}-titanic:${var.image_tag}"
  keep_locally = true
  ### END SOLUTION

  build {
    context    = abspath("${path.module}/app")
    build_args = { BASE_IMAGE = var.base_image }
    ### BEGIN SOLUTION: labels = { … } con la clave org.opencontainers.image.revision y la etiqueta
    labels = {
      "org.opencontainers.image.revision" = var.image_tag
    }
    ### END SOLUTION
  }
}

# El modelo en producción: ejecuta la imagen de la etiqueta que se pida.
resource "docker_container" "score" {
  name     = "${var.prefix}_score"
  image    = docker_image.app.name
  must_run = false
  attach   = true
  logs     = true
}

# %% tags=["check"] grade_id="variable"
lab.check("variable_declared", "latest_is_refused", "name_from_variables")

# %% [markdown]
# ## 4. Que la etiqueta salga sola
#
# Nadie copia commits a mano. `git rev-parse --short HEAD` imprime el commit corto en el que estás.

# %% tags=["answer"] grade_id="tag"
def etiqueta():
    """El commit corto en el que está app/ ahora mismo."""
    ### BEGIN SOLUTION: devuelve lo que imprime git rev-parse --short HEAD (usa la función git de arriba)
    return git("rev-parse", "--short", "HEAD")
    ### END SOLUTION

# %% [markdown]
# Y ahora, por la línea de órdenes. `lab.apply(image_tag=…)` es `terraform apply -var="image_tag=…"`.

# %%
lab.apply(image_tag=etiqueta())

# %%
lab.docker.logs(f"{prefix}_score")

# %% [markdown]
# ## 5. La segunda versión
#
# Alguien se acuerda de los niños. Hay un commit nuevo:

# %%
version("v2", "quien != 'hombre'")
print(git("log", "--oneline"))

# %% [markdown]
# Esta vez, la etiqueta **exportada**, como hará tu CI. Terraform busca en el entorno una variable
# que empiece por `TF_VAR_`: la que exporta `TF_VAR_image_tag` ya no tiene que decirla en cada orden.
#
# | en una terminal | en Python |
# |---|---|
# | `export TF_VAR_image_tag=$(git rev-parse --short HEAD)` | `os.environ["TF_VAR_image_tag"] = …` |

# %% tags=["answer"] grade_id="export"
import os

### BEGIN SOLUTION: exporta TF_VAR_image_tag con la etiqueta de ahora
os.environ["TF_VAR_image_tag"] = etiqueta()
### END SOLUTION

# %%
lab.values(exportada=os.environ.get("TF_VAR_image_tag", ""))

# %%
lab.plan()

# %% [markdown]
# Fíjate en el `±`: cambia el nombre, así que Terraform sustituye la imagen y el contenedor. Si la
# etiqueta fuera la misma, **no haría nada**, aunque el código hubiera cambiado: Terraform compara
# nombres, no el contenido de tu carpeta. Otra razón para no reutilizar etiquetas.

# %%
lab.apply()

# %%
lab.docker.logs(f"{prefix}_score")

# %% [markdown]
# ## 6. Marcha atrás
#
# La segunda versión no convence y hay que volver, ya. Código y etiqueta viajan juntos: se vuelve al
# commit y se aplica con **su** etiqueta. (`-var` gana a lo exportado.)

# %%
version("v1", "quien == 'mujer'")
lab.apply(image_tag=etiqueta())

# %%
lab.docker.logs(f"{prefix}_score")

# %% [markdown]
# No se ha descargado ni instalado nada: la imagen ya estaba. Ahí siguen las dos.

# %%
lab.docker.images()

# %% tags=["check"] grade_id="versions"
lab.check("several_images", "tags_are_commits", "image_says_commit", "tag_is_exported")

# %% [markdown]
# Y una pregunta más: ¿y si los valores fueran otros? Esta comprobación pide otro plan, con
# `prefix = "stg"` y otra `image_tag`, en una copia de tus archivos: no toca nada de lo que has creado.

# %% tags=["check"] grade_id="other"
lab.check("other_tag")

# %%
lab.picture()

# %% [markdown]
# ## 7. Recoger
#
# `destroy` no borra las imágenes con `keep_locally`: son tu historia, y cuánta se guarda lo decide
# una política de retención. La de este taller es sencilla: la última celda se lo lleva todo.

# %% tags=["teardown"]
lab.teardown()
