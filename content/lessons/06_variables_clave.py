# %% [markdown]
# # 6 · Las variables clave
#
# **Objetivo.** Con el mismo código, tener tres ambientes a la vez, repetir una ejecución sin pisar la
# anterior y saber de qué commit salió cada imagen. Bastan cuatro variables.
#
# Al terminar sabrás:
# - para qué sirven `image_tag`, `run_id`, `prefix` e `image_repo`;
# - dar valores de cuatro maneras, y cuál gana;
# - rechazar un valor malo **antes** de crear nada.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %% [markdown]
# | Variable | Uso | Ejemplo |
# |---|---|---|
# | `image_tag` | versión de la imagen, según el commit | `git rev-parse --short HEAD` |
# | `run_id` | distinguir una ejecución de otra | la hora, calculada fuera |
# | `prefix` | separar ambientes | `dev`, `stg`, `prod` |
# | `image_repo` | nombre base de la imagen | `titanic-pipeline` |

# %%
from taller import Lab, LabError, quiz

lab = Lab("leccion-06", prefix=prefix)

# %% [markdown]
# ## Declararlas bien
#
# Tipo, descripción y, sobre todo, **validación**: la regla y un mensaje que diga cómo arreglarlo.

# %%
# %%hcl variables.tf
variable "prefix" {
  description = "Ambiente: dev, stg, prod…"
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.prefix))
    error_message = "prefix: minúsculas, números o guiones, y empieza por una letra (por ejemplo: dev)."
  }
}

variable "image_repo" {
  description = "Nombre base de la imagen."
  type        = string
  default     = "titanic-pipeline"
}

variable "image_tag" {
  description = "Versión de la imagen."
  type        = string
  default     = "dev"

  validation {
    condition     = var.image_tag != "latest"
    error_message = "image_tag: latest no dice qué versión es; usa el commit (por ejemplo: 3f9c2ab)."
  }
}

variable "run_id" {
  description = "Identifica una ejecución."
  type        = string
  default     = "local1"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$", var.run_id))
    error_message = "run_id: letras, números, puntos y guiones, sin espacios (por ejemplo: local1)."
  }
}

variable "base_image" { type = string }

# %% [markdown]
# Para ir deprisa, la imagen de esta lección solo añade una capa mínima a la imagen base, y el
# contenedor se limita a decir quién es. Lo que importa hoy son los **nombres**.

# %%
context = lab.folder / "image"
context.mkdir(exist_ok=True)
(context / "Dockerfile").write_text("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nARG VERSION\nENV VERSION=${VERSION}\n")

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

resource "docker_volume" "models" {
  name = "${var.prefix}_models"
}

resource "docker_image" "pipeline" {
  name         = "${var.prefix}-${var.image_repo}:${var.image_tag}"
  force_remove = true

  build {
    context    = "${path.root}/image"
    build_args = { BASE_IMAGE = var.base_image, VERSION = var.image_tag }
  }
}

resource "docker_container" "train" {
  name     = "${var.prefix}_train_${var.run_id}"
  image    = docker_image.pipeline.name
  command  = ["sh", "-c", "echo \"Soy la versión $VERSION\""]
  must_run = false
  attach   = true
  logs     = true

  volumes {
    volume_name    = docker_volume.models.name
    container_path = "/app/models"
  }
}

output "names" {
  value = {
    image     = docker_image.pipeline.name
    container = docker_container.train.name
    volume    = docker_volume.models.name
  }
}

# %% [markdown]
# ## `image_tag`: de qué commit viene
#
# El commit se calcula fuera y entra como variable. (Si esta carpeta no es un repositorio de Git, se
# queda en `dev`.)

# %%
import subprocess

found = subprocess.run(
    ["git", "rev-parse", "--short", "HEAD"],
    cwd=lab.folder,
    capture_output=True,
    text=True,
    check=False,
)
image_tag = found.stdout.strip() or "dev"
image_tag

# %%
lab.apply(image_tag=image_tag)

# %%
lab.docker.logs(f"{prefix}_train_local1")

# %% [markdown]
# `latest` es la etiqueta que se pone sola cuando nadie elige, y mañana será otra imagen. La
# validación la rechaza en el plan, con nuestras propias palabras:

# %%
try:
    lab.plan(image_tag="latest")
except LabError as error:
    print(error)

# %% [markdown]
# ## `run_id`: una ejecución, un nombre
#
# La hora sirve, si se calcula **fuera**. ¿Por qué no con la función `timestamp()` dentro del código?
# Porque da un valor distinto cada vez que se pregunta. Compruébalo: dos planes seguidos con el mismo
# `run_id` no cambian nada; con `timestamp()`, el plan no se queda vacío nunca.

# %%
lab.plan(image_tag=image_tag).empty

# %%
# %%hcl reloj.tf
resource "terraform_data" "reloj" {
  input = timestamp()
}

# %%
lab.apply(image_tag=image_tag)
lab.plan(image_tag=image_tag)

# %% [markdown]
# Acabamos de aplicar y ya hay un cambio pendiente. Fuera el reloj; la hora la pone quien ejecuta:

# %%
lab.remove("reloj.tf")

# %%
from datetime import UTC, datetime

run_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
lab.apply(image_tag=image_tag, run_id=run_id)

# %% [markdown]
# El volumen y la imagen siguen ahí; solo el contenedor es nuevo.

# %%
lab.docker.containers()

# %% [markdown]
# ## Cuatro maneras de dar un valor
#
# | De menos a más fuerte | En el taller |
# |---|---|
# | el `default` de la variable | `variables.tf` |
# | una variable de entorno `TF_VAR_nombre` | `os.environ["TF_VAR_image_tag"] = "v1.1.0"` |
# | un archivo `terraform.tfvars` o `*.auto.tfvars` | `%%hcl valores.auto.tfvars` |
# | la línea de comandos, `-var` o `-var-file` | `lab.plan(nombre="valor")` |
#
# Un `.tfvars` reúne los valores de un ambiente, y ese archivo sí se puede leer y revisar.
#
# Cuatro variables las pone el propio `Lab` en la línea de comandos, donde tu código las declare:
# `prefix`, `root_path`, `base_image` y `build_args`. Ningún archivo tuyo las cambia, y así nada de
# lo que crees se sale de tu prefijo.

# %%
# %%hcl valores.auto.tfvars
image_repo = "titanic-mlops"
image_tag  = "v1.2.0"
run_id     = "local2"

# %%
import os

os.environ["TF_VAR_image_tag"] = "v1.1.0"
lab.plan()["docker_image.pipeline"].after["name"]

# %% [markdown]
# El archivo gana a los `default` y a la variable de entorno. ¿Y si además se da en la llamada?

# %%
lab.plan(image_tag="v1.2.1")["docker_image.pipeline"].after["name"]

# %%
del os.environ["TF_VAR_image_tag"]
lab.remove("valores.auto.tfvars")

# %% [markdown]
# ## `prefix`: varios ambientes a la vez
#
# El mismo código en dos carpetas, cada una con su state: desarrollo y *staging*, en el mismo Docker.

# %%
code = {name: (lab.folder / name).read_text() for name in ("variables.tf", "main.tf")}
environments = {
    name: Lab("leccion-06", prefix=f"{prefix}-{name}", banner=False) for name in ("dev", "stg")
}
for environment in environments.values():
    for name, text in code.items():
        environment.write(name, text)
    folder = environment.folder / "image"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text((context / "Dockerfile").read_text())

# %% [markdown]
# En *dev* se prueba la versión nueva; en *stg* se queda la estable.

# %%
environments["dev"].apply(image_tag=image_tag)
environments["stg"].apply(image_tag="v1.2.0")

import pandas as pd

pd.DataFrame({name: environment.output()["names"] for name, environment in environments.items()})

# %% [markdown]
# Ningún nombre se repite: por eso pueden convivir. Destruir uno no toca al otro:

# %%
environments["dev"].destroy(image_tag=image_tag)
environments["stg"].docker

# %% [markdown]
# ¿Y si alguien usa un prefijo que Docker no aceptaría? Mejor enterarse en el plan que a mitad de un
# `apply`.

# %%
try:
    lab.plan(prefix="Mi Ambiente")
except LabError as error:
    print(error)

# %% [markdown]
# ## Ahora tú
#
# Pon otro `image_repo`, otro `image_tag` y otro `run_id`, y adivina antes de ejecutar: ¿qué se
# reemplaza y qué se queda? (Pista: el volumen guarda tus modelos.)

# %%
lab.plan(image_repo="titanic-pipeline", image_tag="v2.0.0", run_id="local3")

# %% [markdown]
# ## Compruébalo

# %%
quiz("06-1")

# %%
quiz("06-2")

# %%
quiz("06-3")

# %% tags=["teardown"]
for environment in environments.values():
    environment.teardown()
lab.teardown()
