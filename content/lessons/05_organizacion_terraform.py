# %% [markdown]
# # 5 · Organizar el código de Terraform
#
# **Objetivo.** Saber dónde va cada cosa cuando la configuración crece: archivos, módulos, variables y
# outputs, y pruebas que dicen si sigue haciendo lo que prometía.
#
# Al terminar sabrás:
# - leer el árbol de `infra/` y encontrar en él cualquier recurso;
# - escribir los dos módulos del curso y llamarlos desde `main.tf`;
# - ejecutar `terraform test`, y ver cómo una prueba caza un error.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab, LabError, quiz

lab = Lab("leccion-05", prefix=prefix)

# %% [markdown]
# ## El árbol que propone el curso
#
# ```
# infra/
#   main.tf            # qué módulos se usan y cómo se conectan
#   variables.tf       # lo que se puede cambiar desde fuera
#   outputs.tf         # lo que se cuenta hacia fuera
#   versions.tf        # versiones de Terraform y de los providers
#   modules/
#     data_layer/      # Ingeniería de Datos
#       volumes.tf
#       network.tf
#       etl_containers.tf
#     ml_training/     # Ciencia de Datos
#       image.tf
#       train_container.tf
#     shared/          # lo que usan los dos
#       logging.tf
# ```
#
# A Terraform le da igual cómo se llamen los archivos: lee **todos los `.tf` de una carpeta** como si
# fueran uno. Los nombres son para las personas. Lo que sí significa algo es la carpeta: cada una es
# un **módulo**.

# %% [markdown]
# ## El módulo `data_layer`
#
# Este es el ejemplo del documento. Observa la expresión condicional: con `prefix` vacío, los nombres
# van solos; con prefijo, separados por un guion bajo.

# %%
# %%hcl modules/data_layer/volumes.tf
resource "docker_volume" "raw" { name = var.prefix != "" ? "${var.prefix}_raw" : "raw" }
resource "docker_volume" "silver" { name = var.prefix != "" ? "${var.prefix}_silver" : "silver" }
resource "docker_volume" "gold" { name = var.prefix != "" ? "${var.prefix}_gold" : "gold" }

output "raw_volume" { value = docker_volume.raw.name }
output "silver_volume" { value = docker_volume.silver.name }
output "gold_volume" { value = docker_volume.gold.name }

# %% [markdown]
# Al ejemplo le faltan dos cosas que todo módulo necesita: declarar **lo que recibe** y decir **qué
# provider es** ese `docker` (sin ello Terraform buscaría `hashicorp/docker`, que no existe).

# %%
# %%hcl modules/data_layer/variables.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

variable "prefix" {
  description = "Ambiente o estudiante; vacío, sin prefijo."
  type        = string
}

# %% [markdown]
# ## El módulo `ml_training`
#
# También del documento: la imagen, con su nombre y su etiqueta en variables.

# %%
# %%hcl modules/ml_training/image.tf
resource "docker_image" "pipeline" {
  name = "${var.image_repo}:${var.image_tag}"

  build {
    context    = var.root_path
    dockerfile = "Dockerfile"
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
  }
}

output "image_name" { value = docker_image.pipeline.name }

# %%
# %%hcl modules/ml_training/variables.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

variable "image_repo" { type = string }
variable "image_tag" { type = string }
variable "root_path" { type = string }
variable "base_image" { type = string }
variable "build_args" { type = map(string) }

# %% [markdown]
# ## El módulo raíz los conecta
#
# La raíz casi no tiene recursos: recibe variables, llama a los módulos y publica outputs. Un módulo
# **solo ve lo que se le pasa**, y de él solo se ve lo que publica.

# %%
# %%hcl main.tf
provider "docker" {}

module "data_layer" {
  source = "./modules/data_layer"
  prefix = var.prefix
}

module "ml_training" {
  source     = "./modules/ml_training"
  image_repo = "${var.prefix}-${var.image_repo}"
  image_tag  = var.image_tag
  root_path  = var.root_path
  base_image = var.base_image
  build_args = var.build_args
}

# %%
# %%hcl variables.tf
variable "prefix" { type = string }
variable "root_path" { type = string }
variable "base_image" { type = string }
variable "build_args" { type = map(string) }

variable "image_repo" {
  type    = string
  default = "titanic-pipeline"
}

variable "image_tag" {
  type    = string
  default = "dev"
}

# %%
# %%hcl outputs.tf
output "image" {
  value = module.ml_training.image_name
}

output "raw" {
  value = module.data_layer.raw_volume
}

# %%
# %%hcl versions.tf
terraform {
  required_version = ">= 1.5.0"

  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

# %%
lab.apply()

# %% [markdown]
# Las direcciones cuentan la historia: `module.`, el nombre del módulo y el recurso. En Docker, en
# cambio, solo quedan los nombres de siempre.

# %%
lab.state_list()

# %%
lab.docker

# %% [markdown]
# ## Lo que un módulo esconde
#
# ¿Se puede llegar desde la raíz a un recurso interno del módulo? Intentémoslo.

# %%
lab.write("atajo.tf", 'output "atajo" {\n  value = module.data_layer.docker_volume.raw.name\n}\n')
try:
    lab.plan()
except LabError as error:
    print(error)

# %% [markdown]
# No: el nombre interno puede cambiar mañana sin avisar a nadie; el **output** es el contrato.

# %%
lab.remove("atajo.tf")

# %% [markdown]
# ## La infraestructura completa: `infra/`
#
# La plataforma del taller sigue ese mismo árbol. Recorrámoslo: cuántos recursos, variables y outputs
# declara cada archivo.

# %%
import re

import pandas as pd

infra = Lab("infra", prefix=prefix, banner=False)


def count(block: str, text: str) -> int:
    return len(re.findall(rf"^{block}\s", text, re.MULTILINE))


BLOCKS = ("resource", "module", "variable", "output")
paths = [path for path in sorted(infra.folder.rglob("*.tf")) if ".terraform" not in path.parts]
tree = pd.DataFrame(
    [
        [path.parent.relative_to(infra.folder).as_posix(), path.name]
        + [count(block, path.read_text()) for block in BLOCKS]
        for path in paths
    ],
    columns=["carpeta", "archivo", *BLOCKS],
)
main_modules = tree.carpeta.isin([".", "modules/data_layer", "modules/ml_training", "modules/shared"])
tree[main_modules].sort_values(["carpeta", "archivo"]).set_index(["carpeta", "archivo"])

# %% [markdown]
# Están las tres carpetas del curso y algunas más: `batch_job` (un trabajo que termina; lo usan cinco
# etapas, por eso es un módulo) y los servicios `registry`, `state_s3` y `state_pg`. Cuando la misma
# idea aparece dos veces, suele pedir su propio módulo.

# %%
tree.groupby("carpeta")[list(BLOCKS)].sum()

# %% [markdown]
# ## ¿Y cómo sabemos que funciona?
#
# En `infra/tests` hay pruebas escritas en el propio lenguaje de Terraform. Cada `run` hace un plan y
# comprueba condiciones; no crea nada. Por ejemplo, las de `shared` y las de la plataforma entera:

# %%
print((infra.folder / "tests/shared.tftest.hcl").read_text())

# %%
infra.test("tests/shared.tftest.hcl", "tests/platform.tftest.hcl")

# %% [markdown]
# Ahora escribamos una para nuestros módulos… y otra que se equivoca a propósito.

# %%
lab.use()

# %%
# %%hcl tests/nombres.tftest.hcl
run "los_nombres_llevan_el_prefijo" {
  command = plan

  variables {
    prefix = "prueba"
  }

  assert {
    condition     = output.raw == "prueba_raw"
    error_message = "El volumen raw se llama ${output.raw}."
  }
}

run "sin_prefijo_no_sobra_el_guion_bajo" {
  command = plan

  variables {
    prefix = ""
  }

  assert {
    condition     = output.raw == "_raw"
    error_message = "Sin prefijo, el volumen se llama ${output.raw}, y así debe ser: se equivoca la prueba."
  }
}

# %%
lab.test()

# %% [markdown]
# ## Ahora tú
#
# Arregla la segunda prueba (¿cómo debe llamarse el volumen sin prefijo?), ejecuta su celda y repite
# `lab.test()`. Después rompe el módulo: quita el prefijo de `raw` y mira qué prueba lo caza.

# %%
lab.test().passed

# %% [markdown]
# ## Compruébalo

# %%
quiz("05-1")

# %%
quiz("05-2")

# %%
quiz("05-3")

# %% tags=["teardown"]
infra.teardown()
lab.teardown()
