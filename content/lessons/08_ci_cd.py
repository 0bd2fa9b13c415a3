# %% [markdown]
# # 8 · Integración con CI/CD
#
# **Objetivo.** Que ningún cambio llegue a producción sin pasar por las mismas cinco puertas, y
# atravesarlas aquí, una a una, con las órdenes que ejecutaría GitHub Actions.
#
# Al terminar sabrás:
# - escribir un *workflow* con lint, imagen, validación, plan y apply;
# - por qué el apply usa **el plan que alguien revisó**, y no uno nuevo;
# - que lo que se despliega es un *digest*, y no una etiqueta.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab, quiz

services = Lab("leccion-08-servicios", prefix=prefix)

# %% [markdown]
# ## Lo que un equipo ya tiene: un registry y un backend
#
# La CI se ejecuta en una máquina que se tira al acabar. Por eso la imagen y el state viven fuera: en
# un registry privado y en un S3. Los dos son módulos de `infra/`.

# %%
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
variable "ports" { type = map(number) }
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
  port       = var.ports.registry
  password   = var.password
  shared     = module.shared
}

module "state_s3" {
  source     = "./modules/state_s3"
  prefix     = var.prefix
  base_image = var.base_image
  build_args = var.build_args
  port       = var.ports.s3
  shared     = module.shared
}

output "registry" {
  value = module.registry.address
}

output "registry_url" {
  value = module.registry.url
}

output "backend_config" {
  value     = module.state_s3.backend_config
  sensitive = true
}

# %%
import json
import secrets
import socket


def free_port() -> int:
    """Un puerto que ahora mismo no usa nadie."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


password = secrets.token_urlsafe(12)
ports = {"registry": free_port(), "s3": free_port()}
services.write("valores.auto.tfvars.json", json.dumps({"ports": ports, "password": password}))
services.apply()

# %% [markdown]
# ## El repositorio
#
# Lo mínimo que tiene un proyecto de datos: un programa, su `Dockerfile` y su Terraform. La imagen es
# diminuta (`FROM scratch`: solo el programa) para que subirla sea un instante; con la imagen completa
# del pipeline las órdenes serían las mismas.

# %%
lab = Lab("leccion-08", prefix=prefix, banner=False)

(lab.folder / "etl.py").write_text(
    '"""Cuenta los pasajeros que llegan."""\n\nimport csv\nimport os\nimport sys\n\n'
    "print(sum(1 for _ in csv.DictReader(sys.stdin)))\n"
)
(lab.folder / "Dockerfile").write_text("FROM scratch\nCOPY etl.py /app/etl.py\n")
(lab.folder / ".dockerignore").write_text("*\n!etl.py\n")
print((lab.folder / "etl.py").read_text())

# %% [markdown]
# El Terraform pregunta al registry qué *digest* tiene la etiqueta publicada y descarga **exactamente
# eso**. Una etiqueta se puede mover; un digest, no.

# %%
# %%hcl main.tf
terraform {
  required_version = ">= 1.5.0"

  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }

  backend "s3" {}
}

variable "prefix" { type = string }
variable "image" { type = string }
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

data "docker_registry_image" "etl" {
  name = var.image
}

resource "docker_image" "etl" {
  name = "${split(":v", var.image)[0]}@${data.docker_registry_image.etl.sha256_digest}"
}

resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}

output "deployed" {
  value = docker_image.etl.name
}

# %% [markdown]
# ## El workflow
#
# En un repositorio de verdad este texto es `.github/workflows/ci.yml`. Cinco pasos en dos trabajos:
# **comprobar** se ejecuta en cada rama; **desplegar**, solo en `main` y con una persona que lo aprueba
# (`environment: production`).

# %%
WORKFLOW = """
name: CI
on:
  push:
  pull_request:
jobs:
  comprobar:
    runs-on: ubuntu-latest
    steps:
      - name: 1 · Lint
        run: |
          python -m ruff check --isolated --no-cache etl.py
      - name: 2 · Imagen
        run: |
          docker build --quiet --label org.opencontainers.image.ref.name=$IMAGE --tag $IMAGE .
          echo $REGISTRY_PASSWORD | docker login --username taller --password-stdin $REGISTRY
          docker push $IMAGE
      - name: 3 · Formato y validación
        run: |
          terraform fmt -check -recursive
          terraform init -input=false -no-color -backend-config=taller.tfbackend
          terraform validate -no-color
      - name: 4 · Plan
        run: |
          terraform plan -input=false -no-color -out=ci.tfplan
  desplegar:
    needs: comprobar
    if: github.ref == 'refs/heads/main'
    environment: production
    runs-on: ubuntu-latest
    steps:
      - name: 5 · Apply
        run: |
          terraform apply -input=false -no-color ci.tfplan
"""
path = lab.folder / ".github" / "workflows" / "ci.yml"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(WORKFLOW)
print(path.relative_to(lab.folder))

# %% [markdown]
# (En GitHub cada trabajo empieza además con `actions/checkout` y con la instalación de Terraform, y el
# archivo `ci.tfplan` pasa de un trabajo al otro como artefacto. Un plan guardado lleva dentro los
# valores secretos: trátalo como una contraseña.)
#
# ## Los secretos y la versión
#
# En GitHub vienen de *Settings → Secrets*; aquí, de variables de entorno. `TF_VAR_image` es la variable
# `image` de Terraform. La versión: etiqueta semántica y commit.

# %%
import os
import sys
from pathlib import Path

from taller.docker_state.connection import engine_address

registry = services.output()["registry"]
image = f"{registry}/{prefix}/etl:v1.0.0-3f9c2ab"
os.environ |= {
    "IMAGE": image,
    "REGISTRY": registry,
    "REGISTRY_PASSWORD": password,
    "TF_VAR_image": image,
    "TF_VAR_registry_url": services.output()["registry_url"],
    "TF_VAR_registry_password": password,
    # Lo que en GitHub trae la máquina: Docker, Python, y una carpeta propia para docker login.
    "DOCKER_HOST": engine_address(),
    "DOCKER_CONFIG": str(lab.folder / ".docker"),
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}
lab.write("taller.tfbackend", services.output()["backend_config"])
print("Listo:", image)

# %% [markdown]
# ## Un *runner* en veinte líneas
#
# Lee el YAML y ejecuta cada línea de cada paso en orden. Como en GitHub, **el primer código de salida
# distinto de 0 detiene todo**. Las órdenes de Terraform van por `lab`, que sabe dónde está el provider.

# %%
import shlex
import subprocess
import time

import pandas as pd
import yaml

JOBS = yaml.safe_load(WORKFLOW)["jobs"]
logs = {}


def execute(line: str) -> tuple[int, str]:
    """Ejecuta una línea; devuelve su código de salida y lo que ha escrito."""
    if line.startswith("terraform "):
        ran = lab.terraform(*shlex.split(line)[1:], check=False)
    else:
        ran = subprocess.run(
            line, shell=True, cwd=lab.folder, capture_output=True, text=True, check=False
        )
    return ran.returncode, ran.stdout + ran.stderr


def run_job(job: str) -> pd.DataFrame:
    """Ejecuta un trabajo del workflow, paso a paso, hasta el primer fallo."""
    rows, failed = [], False
    for step in JOBS[job]["steps"]:
        began, logs[step["name"]] = time.monotonic(), ""
        for line in step["run"].splitlines() if not failed else ():
            code, text = execute(line)
            logs[step["name"]] += f"$ {line}\n{text}\n"
            failed = code != 0
            if failed:
                break
        verdict = "– no se ejecuta" if not logs[step["name"]] else "✗ falla" if failed else "✓ bien"
        rows.append((step["name"], verdict, f"{time.monotonic() - began:.1f} s"))
    return pd.DataFrame(rows, columns=["paso", "resultado", "tiempo"])


# %% [markdown]
# ## Primer intento, en una rama
#
# ¿Te has fijado en el `import os` de `etl.py`? Nadie lo usa. La primera puerta es barata a propósito:
# en un segundo dice que no, y las caras ni se abren.

# %%
run_job("comprobar")

# %%
print(logs["1 · Lint"])

# %% [markdown]
# Lo arreglamos y volvemos a empujar.

# %%
code = lab.folder / "etl.py"
code.write_text(code.read_text().replace("import os\n", ""))
run_job("comprobar")

# %% [markdown]
# Cuatro puertas abiertas. Esto es lo que hizo la segunda: construir, entrar con contraseña y subir.

# %%
print(logs["2 · Imagen"])

# %% [markdown]
# Y la tercera: si un archivo no tiene el formato de `terraform fmt`, `-check` lo nombra y falla;
# `validate` mira que todo encaje sin tocar Docker.

# %%
print(logs["3 · Formato y validación"])

# %% [markdown]
# ## La revisión: una persona lee el plan
#
# El paso 4 guardó su plan en `ci.tfplan`. En una *pull request*, este texto es el comentario que se lee
# antes de aprobar. Todavía no se ha creado nada.

# %%
print(lab.terraform("show", "-no-color", "ci.tfplan").stdout)

# %% [markdown]
# ## Aprobado: `main` despliega
#
# El paso 5 aplica **ese archivo**, sin preguntar. Si entre el plan y el apply alguien hubiera cambiado
# el state, Terraform diría que el plan está caducado y habría que revisar otro.

# %%
branch = "main"
run_job("desplegar") if branch == "main" else "La rama no es main: no se despliega."

# %%
lab.output()

# %%
lab.state_list()

# %% [markdown]
# El mismo plan no se puede aplicar dos veces: el state ya no es aquel.

# %%
print(lab.terraform("apply", "-input=false", "-no-color", "ci.tfplan", check=False).stderr)

# %% [markdown]
# ## Ahora tú
#
# Rompe otra puerta: escribe mal el formato de este archivo (quita los espacios de alrededor del `=`),
# ejecuta la celda y mira qué paso se detiene. Después, devuélvele el formato.

# %%
lab.write("locals.tf", 'locals {\n  equipo = "datos"\n}\n')
lab.terraform("fmt", "-check", "-recursive", check=False).returncode

# %% [markdown]
# ## Compruébalo

# %%
quiz("08-1")

# %%
quiz("08-2")

# %%
quiz("08-3")

# %% [markdown]
# ## Recoger
#
# La imagen que construyó la CI no está en ningún state, así que hay que quitarla a mano: otra razón
# para que las máquinas de CI se tiren al acabar.

# %% tags=["teardown"]
lab.destroy()
subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True, check=True)
lab.teardown()
services.teardown()
