# %% [markdown]
# # 9 · Buenas prácticas
#
# **Objetivo.** Seis costumbres que separan un proyecto que funciona en tu portátil de uno que aguanta a
# un equipo. Cada una la verás funcionar, y casi todas las verás también **fallar**.
#
# Al terminar sabrás:
# - fijar versiones y etiquetar imágenes para poder reconstruirlas dentro de un año;
# - compartir el state sin pisaros, y qué hacer con un lock que alguien dejó puesto;
# - separar `infra-data` de `infra-ml`, y usar módulos con versión;
# - programar una alarma que avise cuando la realidad ya no es la del código.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab, LabError, quiz

services = Lab("leccion-09-servicios", prefix=prefix)

# %% [markdown]
# ## 1. Versiones fijas: el build de hoy y el de dentro de un año
#
# `pandas>=2` instala hoy una cosa y mañana otra. Un *lock* dice la versión exacta de **cada** paquete y
# la huella de su archivo. Así es el de la imagen del pipeline:

# %%
import re

from taller.workspace import repository

lock = (repository() / "requirements-image.lock").read_text()
print("\n".join(lock.splitlines()[:6]), "\n…")
pins = re.findall(r"^[a-z0-9._-]+(?:\[[^\]]+\])?==\S+", lock, re.MULTILINE)
{
    "paquetes": len(pins),
    "con versión exacta": sum("==" in pin for pin in pins),
    "huellas sha256": lock.count("--hash=sha256:"),
}

# %% [markdown]
# El `Dockerfile` instala con `--require-hashes`: si un solo archivo no es el que era, el build falla.
# Terraform hace lo mismo con `version = "~> 3.0"` y el archivo `.terraform.lock.hcl`, que guarda la
# versión y las huellas de cada provider: **se sube al repositorio**.

# %% [markdown]
# ## 2. Etiqueta semántica y commit
#
# `v1.2.0` cuenta qué cambió (rompe · añade · arregla); el commit dice de qué código salió. Juntos:

# %%
import subprocess

found = subprocess.run(
    ["git", "rev-parse", "--short=7", "HEAD"],
    cwd=repository(), capture_output=True, text=True, check=False,
)  # fmt: skip
image_tag = f"v1.2.0-{found.stdout.strip() or '3f9c2ab'}"
image_tag

# %% [markdown]
# Una costumbre que nadie comprueba dura un mes. Esta la comprueba el plan, en la sección 4:
# `latest` y `v1.2.0` a secas serán errores.

# %% [markdown]
# ## 3. Backend remoto, en cuanto seáis dos
#
# Con el state en tu portátil, tu compañera no puede hacer nada; con una copia cada una, las dos creáis
# lo mismo. El módulo `state_s3` levanta un servidor compatible con S3 donde guardarlo.

# %%
services.copy_modules("shared", "state_s3")

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

variable "prefix" { type = string }
variable "base_image" { type = string }
variable "build_args" { type = map(string) }
variable "port" { type = number }

module "shared" {
  source = "./modules/shared"
  prefix = var.prefix
  run_id = "servicios"
}

module "state_s3" {
  source     = "./modules/state_s3"
  prefix     = var.prefix
  base_image = var.base_image
  build_args = var.build_args
  port       = var.port
  shared     = module.shared
}

output "endpoint" {
  value = module.state_s3.endpoint
}

output "bucket" {
  value = module.state_s3.bucket
}

output "backend_config" {
  value     = module.state_s3.backend_config
  sensitive = true
}

# %%
import socket

with socket.socket() as probe:  # un puerto que ahora mismo no usa nadie
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
services.write("port.auto.tfvars", f"port = {port}\n")
services.apply()

# %% [markdown]
# Esto es lo que necesita quien quiera usarlo (las claves, aparte):

# %%
backend = services.output()["backend_config"]
print("\n".join(line for line in backend.splitlines() if "_key " not in line))

# %% [markdown]
# Fíjate en `use_lockfile = true`: el candado es **un objeto más del bucket**, `….tflock`. El documento
# del curso, como media internet, propone una tabla de DynamoDB para eso. Era la manera antigua:
# Terraform 1.10 trajo el candado propio de S3, y desde la 1.11 `dynamodb_table` está en desuso.
# El mismo papel lo hacen Azure Storage y GCS, que bloquean sin pedir nada más.

# %% [markdown]
# ## 4. Estados separados, módulos con versión
#
# `infra-data` (volúmenes: cambian poco y no se pueden perder) e `infra-ml` (entrenamientos: cambian
# a diario) no deben compartir state: un error en el segundo no puede llevarse los datos.
#
# Y el módulo de datos tendrá **versión**. Hagamos el repositorio donde vive: dos etiquetas de Git.

# %%
data = Lab("leccion-09-data", prefix=prefix, banner=False)
modules = data.folder / "repositorio-de-modulos"

MODULE = """terraform {
  required_providers {
    docker = {
      source = "kreuzwerker/docker"
    }
  }
}

variable "prefix" { type = string }

resource "docker_volume" "layer" {
  for_each = toset([LAYERS])
  name     = "${var.prefix}_${each.key}"
}

output "volumes" {
  value = { for layer, volume in docker_volume.layer : layer => volume.name }
}
"""


def git(*words: str) -> None:
    """Una orden de Git en el repositorio de módulos."""
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=modules, check=True, capture_output=True)


def release(version: str, layers: str) -> None:
    """Publica una versión del módulo data_layer."""
    (modules / "data_layer").mkdir(parents=True, exist_ok=True)
    (modules / "data_layer" / "main.tf").write_text(MODULE.replace("LAYERS", layers))
    if not (modules / ".git").exists():
        git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", version)
    git("tag", version)


release("v1.0.0", '"raw", "silver"')
release("v1.1.0", '"raw", "silver", "gold"')

# %% [markdown]
# `infra-data` usa la **v1.0.0**, aunque ya exista otra más nueva: `?ref=` es el pin. (En tu empresa la
# dirección será `git::ssh://…`, o un registry de módulos con `version = "~> 1.0"`.)

# %%
# %%hcl main.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }

  backend "s3" {
    key = "infra-data/terraform.tfstate"
  }
}

variable "prefix" { type = string }

output "volumes" {
  value = module.data_layer.volumes
}

# %%
def use_module(version: str):
    """Escribe el bloque module con esa versión."""
    source = f"git::{modules.as_uri()}//data_layer?ref={version}"
    text = f'module "data_layer" {{\n  source = "{source}"\n  prefix = var.prefix\n}}\n'
    return data.write("data_layer.tf", text)


shared_backend = "\n".join(line for line in backend.splitlines() if not line.startswith("key "))
data.write("taller.tfbackend", shared_backend)
use_module("v1.0.0")

# %%
data.terraform("init", "-no-color", "-backend-config=taller.tfbackend")
data.apply()

# %% [markdown]
# Subir de versión es cambiar una línea, y **el plan enseña qué trae** antes de aceptarla:

# %%
use_module("v1.1.0")
data.plan()

# %%
data.apply()

# %% [markdown]
# Ahora `infra-ml`: otra carpeta, otro state. Lo único que sabe de los datos es lo que publican los
# outputs de `infra-data`, que lee con `terraform_remote_state`. Y aquí está la regla de las etiquetas.

# %%
ml = Lab("leccion-09-ml", prefix=prefix, banner=False)
ml.write("taller.tfbackend", shared_backend)

# %%
# %%hcl main.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }

  backend "s3" {
    key = "infra-ml/terraform.tfstate"
  }
}

variable "prefix" { type = string }
variable "base_image" { type = string }
variable "endpoint" { type = string }
variable "bucket" { type = string }

variable "image_tag" {
  type = string

  validation {
    condition     = can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-[0-9a-f]{7,}$", var.image_tag))
    error_message = "image_tag: versión semántica y commit (por ejemplo: v1.2.0-3f9c2ab)."
  }
}

data "terraform_remote_state" "data" {
  backend = "s3"
  config = {
    bucket                      = var.bucket
    key                         = "infra-data/terraform.tfstate"
    region                      = "us-east-1"
    endpoints                   = { s3 = var.endpoint }
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    access_key                  = "taller"
    secret_key                  = "taller"
  }
}

resource "docker_container" "train" {
  name     = "${var.prefix}_train"
  image    = var.base_image
  command  = ["sh", "-c", "echo Entreno con ${var.image_tag}"]
  must_run = false
  attach   = true
  logs     = true

  volumes {
    volume_name    = data.terraform_remote_state.data.outputs.volumes["gold"]
    container_path = "/app/data/features"
    read_only      = true
  }
}

# %%
values = {name: services.output()[name] for name in ("endpoint", "bucket")}
ml.write("state.auto.tfvars", "".join(f'{name} = "{value}"\n' for name, value in values.items()))
ml.terraform("init", "-no-color", "-backend-config=taller.tfbackend")
ml.apply(image_tag=image_tag)

# %% [markdown]
# La etiqueta que no cumple la regla no llega a ninguna parte:

# %%
for tag in ("latest", "v1.2.0"):
    try:
        ml.plan(image_tag=tag)
    except LabError as error:
        print(f"Con image_tag = {tag!r}:\n{error}\n")

# %% [markdown]
# Dos states en el bucket. Destruir el de ML no roza los datos:

# %%
import requests

bucket_url = f"{values['endpoint']}/{values['bucket']}"
re.findall("<Key>(.*?)</Key>", requests.get(bucket_url, timeout=5).text)

# %%
ml.destroy(image_tag=image_tag)
data.docker.volumes()

# %% [markdown]
# ## 5. El candado, y quien lo dejó puesto
#
# Mientras alguien aplica, hay un objeto `.tflock` en el bucket con su nombre. Si su portátil se apaga a
# media faena, ahí se queda. Vamos a ponerlo como lo habría dejado Marta (en el ejercicio 7 verás a dos
# personas de verdad a la vez).

# %%
from datetime import UTC, datetime

LOCK_ID = "5f0c7a1e-2b7d-4a53-9b1e-8d0f6a4c2e10"
lock_url = f"{bucket_url}/infra-data/terraform.tfstate.tflock"
lock = {
    "ID": LOCK_ID,
    "Operation": "OperationTypeApply",
    "Info": "",
    "Who": "marta@portatil-de-marta",
    "Version": "1.11.4",
    "Created": datetime.now(UTC).isoformat(),
    "Path": "tfstate/infra-data/terraform.tfstate",
}
requests.put(lock_url, json=lock, timeout=5).raise_for_status()

try:
    data.plan()
except LabError as error:
    print(error)

# %% [markdown]
# Terraform se niega, y dice **quién** y **desde cuándo**. Lo primero es preguntar a Marta. Si de verdad
# no está aplicando nada, se quita el candado con su identificador:

# %%
data.terraform("force-unlock", "-force", LOCK_ID)

# %% [markdown]
# ## 6. Una alarma de drift, cada noche
#
# `plan -detailed-exitcode` responde con su código de salida: **0** todo igual, **1** error, **2** hay
# cambios sin aplicar. Una tarea programada solo tiene que mirar ese número.

# %%
VERDICT = {0: "sin cambios", 1: "error: no se sabe", 2: "¡drift! hay cambios sin aplicar"}


def drift_check() -> str:
    """Lo que ejecuta la tarea programada."""
    ran = data.terraform(
        "plan", "-detailed-exitcode", "-input=false", "-lock=false", "-no-color", check=False
    )
    return f"código {ran.returncode}: {VERDICT[ran.returncode]}"


drift_check()

# %% [markdown]
# Alguien borra un volumen a mano…

# %%
data.docker.remove_volume(f"{prefix}_silver")
drift_check()

# %% [markdown]
# En GitHub Actions, la tarea es un workflow con reloj; en un servidor, una línea de *cron*:
#
# ```yaml
# on:
#   schedule:
#     - cron: "0 6 * * *"        # cada día a las seis
# jobs:
#   drift:
#     runs-on: ubuntu-latest
#     steps:
#       - run: terraform plan -detailed-exitcode -input=false -lock=false   # un código 2 lo pone en rojo, y avisa
# ```
# ```
# 0 6 * * *  cd /srv/infra-data && terraform plan -detailed-exitcode -input=false -lock=false || avisar.sh
# ```

# %% [markdown]
# ## Ahora tú
#
# Cura el drift, o decide que la realidad tenía razón. ¿Qué cambiarías en cada caso? Como viene, la
# celda cura.

# %%
data.apply()
drift_check()

# %% [markdown]
# ## Compruébalo

# %%
quiz("09-1")

# %%
quiz("09-2")

# %%
quiz("09-3")

# %% [markdown]
# ## Recoger
#
# En orden: primero lo que guarda su state en el servidor, y al final el servidor.

# %% tags=["teardown"]
ml.teardown()
data.teardown()
services.teardown()
