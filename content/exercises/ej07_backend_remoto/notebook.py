# %% [markdown]
# # Ejercicio 7 (opcional) · Backend remoto
#
# El **state** es la memoria de Terraform: sin él no sabe qué ha creado. Hasta hoy ha vivido en un
# archivo de tu disco, `terraform.tfstate`. Si se pierde el portátil, se pierde la memoria; y si sois
# dos, cada uno tiene la suya.
#
# Vas a llevarlo a un sitio común, a comprobar que llega entero, a ver cómo un **lock** evita que
# dos personas escriban a la vez y a traerlo de vuelta. Al terminar sabrás:
#
# - configurar un `backend` sin dejar claves en el código;
# - migrar un state, y demostrar que no ha cambiado;
# - qué hacer, y qué no, ante un state bloqueado.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

servidor = Lab("estado-remoto", prefix=prefix, banner=False)
lab = Lab("ej07", prefix=prefix)

# %% [markdown]
# ## 1. Una plataforma pequeña, con el state en tu disco
#
# Ya está escrita: dos volúmenes y una red.

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

provider "docker" {}

variable "prefix" {
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
}

locals {
  owner = { "taller.prefix" = var.prefix, "taller.exercise" = "ej07" }
}

resource "docker_volume" "layer" {
  for_each = toset(["raw", "gold"])
  name     = "${var.prefix}_${each.key}"

  dynamic "labels" {
    for_each = local.owner
    content {
      label = labels.key
      value = labels.value
    }
  }
}

resource "docker_network" "analytics" {
  name     = "${var.prefix}_analytics"
  internal = true

  dynamic "labels" {
    for_each = local.owner
    content {
      label = labels.key
      value = labels.value
    }
  }
}

# %% [markdown]
# `foto()` retrata el state: las direcciones que da `terraform state list`, una **huella** de todo lo
# que recuerda de cada recurso (cambia si cambia un solo dato) y si el archivo está en tu disco.
# `lab.begin()` apunta cómo está todo al empezar: lo que pase después se comprueba preguntando al
# almacén y a Docker, que llevan su propia cuenta.

# %%
import hashlib
import json


def foto():
    """Cómo es el state ahora, esté donde esté."""
    archivo = lab.folder / "terraform.tfstate"
    recursos = json.loads(lab.terraform("state", "pull").stdout)["resources"]
    return {
        "direcciones": lab.terraform("state", "list").stdout.split(),
        "huella": hashlib.sha256(json.dumps(recursos).encode()).hexdigest()[:12],
        "en_disco": archivo.exists() and archivo.stat().st_size > 0,
    }


if not (lab.folder / "backend.tf").exists():
    lab.apply()
    lab.begin()
foto()

# %% [markdown]
# ## 2. Dónde vivirá
#
# Terraform conoce muchos almacenes. Aquí puedes elegir entre dos, y cada uno es un módulo que puedes
# leer en `infra/modules`:
#
# | almacén | módulo | el lock es | y dice quién lo tiene |
# |---|---|---|---|
# | `"s3"` | `state_s3`, un servidor compatible con S3 | un objeto más del bucket | sí |
# | `"pg"` | `state_pg`, PostgreSQL | de la base de datos | no |
#
# Si dudas, `"s3"`: es lo que encontrarás en la mayoría de los equipos.

# %% tags=["answer"] grade_id="store"
almacen = None
### BEGIN SOLUTION: elige el almacén, "s3" o "pg"
almacen = "s3"
### END SOLUTION

# %% [markdown]
# El servidor también es infraestructura, y tiene **su propia carpeta y su propio state**. ¿Y dónde
# guarda el suyo? En el disco: un servidor no puede guardar la memoria de quien lo crea.

# %%
servidor.use()

# %%
# %%hcl main.tf
variable "prefix" { type = string }
variable "base_image" { type = string }
variable "build_args" { type = map(string) }
variable "almacen" { type = string }
variable "port" { type = number }
variable "password" { type = string }

locals {
  shared = {
    labels     = { "taller.prefix" = var.prefix, "taller.exercise" = "estado-remoto" }
    log_driver = "json-file"
    log_opts   = { "max-size" = "1m", "max-file" = "1" }
  }
}

module "s3" {
  source     = "./modules/state_s3"
  count      = var.almacen == "s3" ? 1 : 0
  prefix     = var.prefix
  base_image = var.base_image
  build_args = var.build_args
  port       = var.port
  shared     = local.shared
}

module "pg" {
  source     = "./modules/state_pg"
  count      = var.almacen == "pg" ? 1 : 0
  prefix     = var.prefix
  base_image = var.base_image
  port       = var.port
  password   = var.password
  shared     = local.shared
}

output "backend_config" {
  value     = one(concat(module.s3[*].backend_config, module.pg[*].backend_config))
  sensitive = true
}

# %% [markdown]
# Solo escucha en esta máquina, en un puerto que esté libre. La celda siguiente lo arranca (no hace
# falta que la leas) y deja en tu carpeta `remoto.tfbackend`: **cómo se llega** al almacén, con sus
# claves. Si tu organización ya tiene un almacén, prepara tú ese archivo y di dónde está en las
# variables de entorno `TALLER_BACKEND_S3` o `TALLER_BACKEND_PG`.

# %%
import os
import secrets
import shutil
import socket
from pathlib import Path

from taller.workspace import repository


def arranca(almacen):
    """Pone en marcha el almacén y devuelve cómo se llega a él."""
    if almacen not in ("s3", "pg"):
        raise ValueError('Elige antes un almacén: "s3" o "pg".')
    preparado = os.environ.get(f"TALLER_BACKEND_{almacen.upper()}")
    if preparado:
        return Path(preparado).read_text("utf-8")
    modulos = repository() / "infra" / "modules"
    shutil.copytree(modulos, servidor.folder / "modules", dirs_exist_ok=True)
    if not (servidor.folder / "terraform.tfvars").exists():
        with socket.create_server(("127.0.0.1", 0)) as libre:
            puerto = libre.getsockname()[1]
        clave = secrets.token_hex(8)
        servidor.write("terraform.tfvars", f'port     = {puerto}\npassword = "{clave}"\n')
    servidor.write("almacen.auto.tfvars", f'almacen = "{almacen}"\n')
    servidor.apply()
    return servidor.output()["backend_config"]


conexion = arranca(almacen).replace("use_lockfile = true\n", "")  # eso lo decides tú
lab.write("remoto.tfbackend", conexion)
lab.use()

# %% [markdown]
# ## 3. El bloque `backend`
#
# Va en `terraform { … }`, en su propio archivo, y lleva el nombre del almacén: `backend "s3" { … }` o
# `backend "pg" { … }`. Dos costumbres que te ahorrarán disgustos:
#
# - **Nada secreto en el código.** Las claves ya están en `remoto.tfbackend`, que no se sube al
#   repositorio. El bloque puede quedar casi vacío: se llama *configuración parcial*.
# - **Siempre con lock.** PostgreSQL lo trae puesto. En S3 hay que pedirlo: `use_lockfile = true`.

# %% tags=["answer"] grade_id="backend_tf"
# %%hcl backend.tf
terraform {
  ### BEGIN SOLUTION: declara el backend del almacén que has elegido, con lock y sin claves
  backend "s3" {
    use_lockfile = true
  }
  ### END SOLUTION
}

# %%
lab.values(bloque=(lab.folder / "backend.tf").read_text("utf-8"))

# %% [markdown]
# ## 4. La ida
#
# Cambiar el bloque no mueve nada: hay que ejecutar `init` otra vez y decir qué se hace con el state
# que ya hay. Hay dos respuestas, y confundirlas es el error más caro de este ejercicio:
#
# | orden | qué hace con el state |
# |---|---|
# | `lab.init(migrate_state=True, …)` | lo **copia** al sitio nuevo |
# | `lab.init(reconfigure=True, …)` | lo **deja** donde estaba y empieza con uno vacío |
#
# El archivo con la conexión se pasa con `backend_config="remoto.tfbackend"`. En una terminal:
# `terraform init -migrate-state -backend-config=remoto.tfbackend`.

# %% tags=["answer"] grade_id="there"
### BEGIN SOLUTION: lleva el state al almacén
lab.init(migrate_state=True, backend_config="remoto.tfbackend")
### END SOLUTION

# %%
foto()

# %% [markdown]
# Las mismas direcciones, la misma huella, y en tu disco ya no hay nada. Para Terraform, y para Docker,
# no ha pasado nada:

# %%
lab.plan()

# %% tags=["check"] grade_id="travelled"
lab.check("backend_declared", "no_secrets_in_code", "state_travelled")

# %% [markdown]
# ## 5. Sois dos
#
# Ahora que el state está en un sitio común, una compañera trabaja en él desde su carpeta. Ha escrito
# `terraform destroy`, Terraform le ha preguntado si está segura, y ha ido a por un café sin contestar.
# Justo entonces, a ti se te ocurre hacer un plan. (Terraform insiste cinco segundos antes de rendirse.)

# %%
from taller.lab import LabError
from taller.lab.colleague import hesitating_colleague

aviso = None
with hesitating_colleague(lab):
    try:
        lab.plan()
    except LabError as error:
        print(error)
        aviso = error.__cause__

# %%
cerrojo = getattr(aviso, "lock", None)
cerrojo

# %% [markdown]
# Tu compañera ha vuelto, ha leído la pregunta con calma y ha contestado que no. Sin el lock, tú habrías
# planeado sobre algo que estaba a punto de desaparecer. Entrega dos valores:
#
# **`dueno`** — quién tenía el lock. Lo dice `cerrojo.who`. (Sois dos personas, pero en una sola
# máquina: verás el mismo nombre. Y PostgreSQL ni siquiera lo apunta: Terraform enseña el tuyo.)
#
# **`que_hago`** — Encuentras el state bloqueado. ¿Qué haces?
#
# - `"a"`: `terraform force-unlock`, y sigo con lo mío;
# - `"b"`: pregunto a quien lo tiene y espero; `force-unlock` solo si su proceso ya no existe;
# - `"c"`: quito el bloque `backend` y vuelvo a mi archivo local, que no se bloquea.

# %% tags=["answer"] grade_id="lock"
### BEGIN SOLUTION: entrega con lab.values(…) tus respuestas: dueno y que_hago
lab.values(dueno=cerrojo.who, que_hago="b")
### END SOLUTION

# %% tags=["check"] grade_id="locked"
lab.check("second_writer_waits", "lock_is_explained")

# %% [markdown]
# ## 6. La vuelta
#
# Un almacén también se cambia por otro: la migración es la misma en cualquier dirección. Sin bloque
# `backend`, el sitio del state vuelve a ser tu disco.

# %% tags=["answer"] grade_id="back"
### BEGIN SOLUTION: quita backend.tf con lab.remove(…) y trae el state de vuelta
lab.remove("backend.tf")
lab.init(migrate_state=True)
### END SOLUTION

# %%
foto()

# %%
lab.plan()

# %% tags=["check"] grade_id="returned"
lab.check("state_returned", "plan_is_empty")

# %%
lab.picture()

# %% [markdown]
# ## 7. Recoger
#
# Primero lo tuyo y después el servidor: al revés, te quedarías sin memoria antes de tiempo.

# %% tags=["teardown"]
lab.teardown()
servidor.teardown()
