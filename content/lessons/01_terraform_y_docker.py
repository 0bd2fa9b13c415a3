# %% [markdown]
# # 1 · Terraform y Docker, pieza a pieza
#
# **Objetivo.** Conocer las diez piezas con las que se construye todo lo demás. De cada una verás
# tres cosas: cómo se declara, qué hace `apply` y **qué dice Docker** después.
#
# Al terminar sabrás:
# - conectar Terraform con un Docker Engine, local o remoto;
# - declarar imágenes, contenedores, redes y volúmenes, y relacionarlos por referencia;
# - publicar una imagen en un registry privado, con contraseña, y leer lo que hay en él;
# - usar variables, outputs y módulos, y llevar el state a un backend remoto.
#
# La documentación de cada recurso está en `registry.terraform.io/providers/kreuzwerker/docker`:
#
# | Pieza | Documento | Para qué |
# |---|---|---|
# | Provider Docker | portada del provider | conexión, local o remota, con el Engine |
# | `docker_image` | `/resources/image` | construir o descargar imágenes |
# | `docker_container` | `/resources/container` | contenedores: redes, variables de entorno, puertos |
# | `docker_network` | `/resources/network` | aislar el tráfico entre componentes |
# | `docker_volume` | `/resources/volume` | datos que duran más que un contenedor |
# | `docker_registry_image` | `/data-sources/registry_image` | leer qué imagen hay en un registry |
# | Autenticación | bloque `provider` | credenciales de un registry privado |
# | Variables y outputs | lenguaje Terraform | parametrizar, y contar el resultado |
# | Backends remotos | bloque `backend` | compartir el state |
# | Módulos | lenguaje Terraform | reutilizar patrones |

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab, LabError, quiz

lab = Lab("leccion-01", prefix=prefix)

# %% [markdown]
# ## 1. El provider
#
# Terraform no sabe nada de Docker: se lo enseña un *provider*. `~> 3.0` acepta cualquier 3.x, pero
# no la 4, que podría romper algo.

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

variable "prefix" {
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
}

# %% [markdown]
# ¿Con **qué** Engine habla? Un `provider "docker" {}` vacío usa el de tu equipo (o el que diga la
# variable de entorno `DOCKER_HOST`). Con `host` se elige otro: `ssh://ana@servidor` o
# `tcp://servidor:2376`. Aquí lo dejamos en una variable: `null` significa «como si no lo hubiera
# escrito».

# %%
# %%hcl provider.tf
variable "docker_host" {
  description = "Dirección de un Engine remoto; null es el de este equipo."
  type        = string
  default     = null
}

provider "docker" {
  host = var.docker_host
}

# Leer también es hablar con Docker: la red bridge existe en todo Engine.
data "docker_network" "bridge" {
  name = "bridge"
}

output "bridge" {
  value = data.docker_network.bridge.driver
}

# %%
lab.apply()

# %% [markdown]
# La conexión funciona: Docker ha dicho de qué tipo es su red `bridge`. ¿Y si el Engine remoto no
# contesta? Mejor ver ese error hoy, a propósito, que un viernes por la tarde.

# %%
try:
    lab.plan(docker_host="tcp://127.0.0.1:9")
except LabError as error:
    print(error)

# %% [markdown]
# ## 2. `docker_image`: construir
#
# Así se construye la imagen del pipeline. `context` es la carpeta que Docker recibe, y `dockerfile`
# se busca dentro. El documento del curso pone `path.root`, la carpeta de los `.tf`; la nuestra es
# otra, así que la recibimos en `root_path`.

# %%
# %%hcl image.tf
variable "image_tag" {
  description = "Versión de la imagen."
  type        = string
  default     = "dev"
}

variable "root_path" { type = string }
variable "base_image" { type = string }
variable "build_args" { type = map(string) }

resource "docker_image" "titanic" {
  name = "${var.prefix}-titanic-pipeline:${var.image_tag}"

  build {
    context    = var.root_path
    dockerfile = "Dockerfile"
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
  }
}

# %%
lab.apply()

# %%
lab.docker.images()

# %% [markdown]
# Sin el bloque `build`, el mismo recurso **descarga** la imagen de un registry: lo harás en la
# sección 7, con un registry tuyo.

# %% [markdown]
# ## 3. `docker_network` y `docker_volume`
#
# Una red `internal` deja que sus contenedores se vean entre sí y nada más. Un volumen guarda lo
# que debe sobrevivir a los contenedores: aquí, las features y los modelos.

# %%
# %%hcl storage.tf
resource "docker_network" "analytics" {
  name     = "${var.prefix}_analytics"
  internal = true
}

resource "docker_volume" "features" {
  name = "${var.prefix}_features"
}

resource "docker_volume" "models" {
  name = "${var.prefix}_models"
}

# %%
lab.apply()

# %%
lab.docker.networks()

# %%
lab.docker.volumes()

# %% [markdown]
# ## 4. `docker_container`: dos trampas del papel
#
# El documento del curso monta los volúmenes en **una sola línea**. Probemos a escribirlo tal cual:

# %%
como_en_el_papel = """
resource "docker_container" "train" {
  name  = "${var.prefix}_train"
  image = docker_image.titanic.name
  volumes { host_path = docker_volume.features.mountpoint container_path = "/app/data/features" }
}
"""
try:
    lab.write("train.tf", como_en_el_papel)
except LabError as error:
    print(error)

# %% [markdown]
# No es HCL: un bloque en una línea admite **un** argumento. La segunda trampa es más traicionera,
# porque el plan la acepta: usar el `mountpoint` de un volumen como `host_path`. Que un contenedor
# intente dejar un archivo ahí:

# %%
# %%hcl train.tf
resource "docker_container" "huella" {
  name     = "${var.prefix}_huella"
  image    = docker_image.titanic.name
  command  = ["touch", "/app/models/huella.txt"]
  must_run = false
  attach   = true
  logs     = true

  volumes {
    host_path      = docker_volume.models.mountpoint
    container_path = "/app/models"
  }
}

# %%
lab.apply()
lab.docker.logs(f"{prefix}_huella")

# %% [markdown]
# `host_path` es una carpeta **de la máquina donde corre el Engine**, y Docker ya no la trata como
# un volumen: no le da el dueño que espera la imagen (de ahí el *Permission denied*) y no sabe que
# está en uso. Si el Engine es remoto, o vive en la máquina virtual de Docker Desktop, esa ruta ni
# siquiera es de tu equipo. Lo correcto es `volume_name`: cambia una línea y todo encaja.

# %%
# %%hcl train.tf
resource "docker_container" "huella" {
  name     = "${var.prefix}_huella"
  image    = docker_image.titanic.name
  command  = ["touch", "/app/models/huella.txt"]
  must_run = false
  attach   = true
  logs     = true

  volumes {
    volume_name    = docker_volume.models.name
    container_path = "/app/models"
  }
}

# %%
lab.apply()
lab.docker.ls(f"{prefix}_models")

# %% [markdown]
# ## 5. `docker_container`: el entrenamiento
#
# Un trabajo *batch* hace lo suyo y termina. `must_run = false` le dice a Terraform que eso no es
# una avería; `attach` le pide que espere al final, y `logs`, que guarde lo que escribió.
#
# El paquete de este repositorio se llama `titanic`: donde el documento dice
# `ml_pipeline_titanic.cli`, aquí es `titanic.cli`. Primero preparamos las features; después,
# entrenamos con ellas **de solo lectura**.

# %%
# %%hcl train.tf
variable "run_id" {
  description = "Identifica esta ejecución: otra, otro nombre."
  type        = string
  default     = "local1"
}

locals {
  prepare = join(" && ", [for stage in ["ingest", "transform", "features"] : "python -m titanic.cli ${stage}"])
}

resource "docker_container" "prepare" {
  name     = "${var.prefix}_prepare_${var.run_id}"
  image    = docker_image.titanic.name
  command  = ["sh", "-c", local.prepare]
  restart  = "no"
  must_run = false
  attach   = true
  logs     = true

  volumes {
    volume_name    = docker_volume.features.name
    container_path = "/app/data/features"
  }

  networks_advanced {
    name = docker_network.analytics.name
  }
}

resource "docker_container" "train" {
  depends_on = [docker_container.prepare]

  name    = "${var.prefix}_train_${var.run_id}"
  image   = docker_image.titanic.name
  command = ["python", "-m", "titanic.cli", "train"]
  env = [
    "MODE=train",
    "EXPERIMENT_NAME=titanic_baseline",
    "TITANIC_CV_REPEATS=1", # una sola ronda de validación: basta para aprender, y es rápido
  ]
  restart  = "no"
  must_run = false
  attach   = true
  logs     = true

  volumes {
    volume_name    = docker_volume.features.name
    container_path = "/app/data/features"
    read_only      = true
  }

  volumes {
    volume_name    = docker_volume.models.name
    container_path = "/app/models"
  }

  networks_advanced {
    name = docker_network.analytics.name
  }
}

# %%
lab.apply()

# %%
lab.picture()

# %%
lab.docker.logs(f"{prefix}_train_local1")

# %% [markdown]
# ## 6. Variables y outputs
#
# Ya has usado variables (`var.image_tag`) y un output (`bridge`). Un output es lo que tu
# configuración **cuenta** a quien la usa: nombres, direcciones, resultados.

# %%
# %%hcl outputs.tf
output "image" {
  description = "Imagen con la que se entrenó."
  value       = docker_image.titanic.name
}

output "exit_code" {
  description = "0 es que el entrenamiento terminó bien."
  value       = docker_container.train.exit_code
}

# %%
lab.apply()

# %% [markdown]
# Y una variable se cambia desde fuera, sin tocar el código. ¿Qué pasaría con otro `run_id`? El plan
# lo dice sin hacer nada: otros contenedores, los mismos volúmenes.

# %%
lab.plan(run_id="local2").to_replace

# %% [markdown]
# ## 7. Un registry privado: autenticación y `docker_registry_image`
#
# Para publicar imágenes hace falta un registry. El taller trae uno, con usuario y contraseña, en
# `infra/modules/registry`: un módulo de Terraform, como todo lo demás. Lo levantamos en **otra
# carpeta, con otro state**: un servicio no debe morir porque destruyas un experimento. De paso
# arrancamos el servidor S3 de la sección 9.

# %%
services = Lab("leccion-01-servicios", prefix=prefix, banner=False)
services.copy_modules("shared", "registry", "state_s3")

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
variable "registry_port" { type = number }
variable "s3_port" { type = number }
variable "password" {
  type      = string
  sensitive = true
}

module "shared" {
  source = "./modules/shared"
  prefix = var.prefix
  run_id = "servicios"
}

module "registry" {
  source     = "./modules/registry"
  prefix     = var.prefix
  base_image = var.base_image
  port       = var.registry_port
  password   = var.password
  shared     = module.shared
}

module "state_s3" {
  source     = "./modules/state_s3"
  prefix     = var.prefix
  base_image = var.base_image
  build_args = var.build_args
  port       = var.s3_port
  shared     = module.shared
}

output "registry" {
  value = module.registry.address
}

output "registry_url" {
  value = module.registry.url
}

output "bucket_url" {
  value = "${module.state_s3.endpoint}/${module.state_s3.bucket}"
}

output "backend_config" {
  value     = module.state_s3.backend_config
  sensitive = true
}

# %% [markdown]
# Los puertos (dos que estén libres) y la contraseña (una al azar) van en un archivo de valores, que
# Terraform lee solo por llamarse `*.auto.tfvars.json`. Lleva un secreto: nunca iría al repositorio.

# %%
import json
import secrets
import socket


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


password = secrets.token_urlsafe(12)
values = {"password": password, "registry_port": free_port(), "s3_port": free_port()}
services.write("valores.auto.tfvars.json", json.dumps(values, indent=2))

# %%
services.apply()

# %%
services.docker.containers()

# %% [markdown]
# ### Una imagen para publicar
#
# Basta una muy pequeña: `FROM scratch` y un archivo. El nombre empieza por la dirección del
# registry, porque **así sabe Docker adónde subirla**.

# %%
lab.use()
context = lab.folder / "saludo"
context.mkdir(exist_ok=True)
(context / "Dockerfile").write_text("FROM scratch\nCOPY mensaje.txt /\n")
(context / "mensaje.txt").write_text("Hola desde un registry privado.\n")

registry = services.output()["registry"]
lab.write("valores.auto.tfvars.json", json.dumps({"registry": registry}, indent=2))

# %%
# %%hcl registry.tf
variable "registry" { type = string }

resource "docker_image" "saludo" {
  name = "${var.registry}/${var.prefix}/saludo:v1"

  build {
    context = "${path.root}/saludo"
  }
}

resource "docker_registry_image" "saludo" {
  name = docker_image.saludo.name
}

# %% [markdown]
# Sin credenciales, el registry contesta como debe: **no**.

# %%
try:
    lab.apply()
except LabError as error:
    print(error)

# %% [markdown]
# ### La autenticación va en el provider
#
# `registry_auth` da usuario y contraseña para **una** dirección. La contraseña entra por una
# variable `sensitive`: ni en el código, ni en la pantalla. (En el state sí queda: otra razón para
# guardarlo donde no lo lea cualquiera.)

# %%
# %%hcl provider.tf
variable "registry_url" { type = string }

variable "registry_password" {
  type      = string
  sensitive = true
}

provider "docker" {
  registry_auth {
    address  = var.registry_url
    username = "taller"
    password = var.registry_password
  }
}

# Un data source solo lee: aquí, el digest de lo que el registry tiene de verdad.
data "docker_registry_image" "saludo" {
  name = docker_registry_image.saludo.name
}

# Y con ese digest se descarga exactamente eso, ni una versión más ni una menos.
resource "docker_image" "descargada" {
  name = "${var.registry}/${var.prefix}/saludo@${data.docker_registry_image.saludo.sha256_digest}"
}

output "digest" {
  value = data.docker_registry_image.saludo.sha256_digest
}

# %%
url = services.output()["registry_url"]
login = {"registry": registry, "registry_url": url, "registry_password": password}
lab.write("valores.auto.tfvars.json", json.dumps(login, indent=2))
lab.apply()

# %% [markdown]
# ¿Y qué dice el propio registry? Preguntémosle por su catálogo, con la misma contraseña y sin ella.

# %%
import requests

with_password = requests.get(f"{url}/v2/_catalog", auth=("taller", password), timeout=5)
without = requests.get(f"{url}/v2/_catalog", timeout=5)
with_password.json(), without.status_code

# %% [markdown]
# ## 8. Módulos
#
# Un módulo es una carpeta con sus `.tf`: entran variables y salen outputs. Este reúne las tres capas
# de Ingeniería de Datos; en `infra/` hay otro para el entrenamiento.

# %%
# %%hcl modules/data_layer/volumes.tf
terraform {
  required_providers {
    docker = {
      source = "kreuzwerker/docker"
    }
  }
}

variable "prefix" { type = string }

resource "docker_volume" "layer" {
  for_each = toset(["raw", "silver", "gold"])
  name     = "${var.prefix}_${each.key}"
}

output "volumes" {
  value = { for layer, volume in docker_volume.layer : layer => volume.name }
}

# %%
# %%hcl data_layer.tf
module "data_layer" {
  source = "./modules/data_layer"
  prefix = var.prefix
}

output "volumes" {
  value = module.data_layer.volumes
}

# %%
lab.apply()

# %%
lab.docker.volumes()

# %% [markdown]
# ## 9. Backend remoto
#
# Hasta aquí el state está en un archivo de tu carpeta: nadie más puede usarlo. El bloque `backend`
# lo lleva a otro sitio. El servidor S3 del taller nos dice cómo se llega a él:

# %%
lab.write("backend.tf", 'terraform {\n  backend "s3" {}\n}\n')
lab.write("taller.tfbackend", services.output()["backend_config"])
lab.terraform("init", "-migrate-state", "-force-copy", "-backend-config=taller.tfbackend")

# %% [markdown]
# El servidor lo tiene: preguntémosle qué guarda en el bucket. Y el state sigue completo.

# %%
import re

bucket = requests.get(services.output()["bucket_url"], timeout=5).text
re.findall("<Key>(.*?)</Key>", bucket)

# %%
lab.state_list()

# %% [markdown]
# Y, como debe ser, no hay nada que cambiar:

# %%
lab.plan()

# %% [markdown]
# Para volver a casa, se quita el bloque y se migra otra vez.

# %%
lab.remove("backend.tf")
lab.init(migrate_state=True)

# %% [markdown]
# ## Ahora tú
#
# Cambia `image_tag` por la etiqueta que quieras y mira el plan: ¿por qué la imagen se reemplaza, y
# qué les pasa a los contenedores que nacieron de ella?

# %%
lab.plan(image_tag="v2")

# %% [markdown]
# ## Compruébalo

# %%
quiz("01-1")

# %%
quiz("01-2")

# %%
quiz("01-3")

# %% tags=["teardown"]
lab.teardown()
services.teardown()
