# %% [markdown]
# # 11 · Extensiones: ¿y ahora qué?
#
# **Objetivo.** Ver qué le falta a la plataforma para parecerse a la de una empresa, de dónde crecería
# cada pieza y **construir la primera**: servir las predicciones del modelo.
#
# Al terminar sabrás:
# - qué hay ya en `infra/modules` y qué vendría después;
# - predecir por lotes con `titanic.cli predict`, en un contenedor que lee el volumen de modelos;
# - poner delante un servicio HTTP, con su *healthcheck* y sus métricas.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %% [markdown]
# ## El mapa
#
# | Extensión | La semilla que ya tienes | El paso siguiente |
# |---|---|---|
# | **Orquestación** (Airflow, Prefect) | `batch_job` y `depends_on`: cinco etapas en orden, con su código de salida | un contenedor que las lance según un calendario y reintente |
# | **Feature Store** (Feast) | el volumen `features`, con su manifiesto y su esquema | Feast montado sobre ese volumen, para leer las mismas features al entrenar y al servir |
# | **Model Registry** (MLflow) | el volumen `models`: modelo, métricas y `EXPERIMENT_NAME` | un módulo con MLflow que guarde todas las versiones y diga cuál está en producción |
# | **Serving** (FastAPI) | `titanic.cli predict` | un contenedor HTTP: lo haces **hoy** |
# | **Observabilidad** (Prometheus, Grafana) | `shared/logging.tf`: el driver de logs de todos, en un solo sitio | métricas en `/metrics` (**hoy**), y un módulo que las recoja y las dibuje |

# %%
from taller import Lab, quiz

lab = Lab("leccion-11", prefix=prefix)

# %% [markdown]
# Esto es lo que `infra/modules` trae ya. Cada extensión sería **una carpeta más** en esta lista.

# %%
import re

import pandas as pd
from taller.workspace import repository

modules = sorted(path for path in (repository() / "infra" / "modules").iterdir() if path.is_dir())
texts = {m.name: "\n".join(f.read_text() for f in sorted(m.glob("*.tf"))) for m in modules}
pd.DataFrame(
    [
        [name, *(len(re.findall(rf"^{word} ", text, re.M)) for word in ("resource", "module", "variable", "output"))]
        for name, text in texts.items()
    ],
    columns=["módulo", "recursos", "módulos", "variables", "outputs"],
).set_index("módulo")

# %% [markdown]
# ## Un modelo que servir
#
# La imagen del pipeline y un contenedor que ejecuta las cinco etapas. Lo único que nos quedamos es el
# volumen de modelos.

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
variable "root_path" { type = string }
variable "base_image" { type = string }
variable "build_args" { type = map(string) }

resource "docker_image" "pipeline" {
  name         = "${var.prefix}-titanic-pipeline:v1.0.0"
  force_remove = true

  build {
    context    = var.root_path
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
  }
}

resource "docker_volume" "models" {
  name = "${var.prefix}_models"
}

resource "docker_container" "pipeline" {
  name     = "${var.prefix}_pipeline"
  image    = docker_image.pipeline.name
  command  = ["python", "-m", "titanic.cli", "run"]
  env      = ["TITANIC_CV_REPEATS=1"] # una sola ronda de validación: rápido
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

# %%
lab.docker.ls(f"{prefix}_models")

# %% [markdown]
# ## Predecir por lotes
#
# Llega un archivo con pasajeros y sale otro con predicciones: lo de cada noche. El contenedor recibe su
# entrada con un bloque `upload` y monta los modelos de **solo lectura**.

# %%
# %%hcl predict.tf
variable "passengers" {
  description = "CSV con las columnas de titanic3; sin survived, que es lo que se pregunta."
  type        = string
}

resource "docker_container" "predict" {
  depends_on = [docker_container.pipeline]

  name     = "${var.prefix}_predict"
  image    = docker_image.pipeline.name
  command  = ["sh", "-c", "python -m titanic.cli predict /tmp/nuevos.csv -o /tmp/salida.csv && cat /tmp/salida.csv"]
  must_run = false
  attach   = true
  logs     = true

  upload {
    file    = "/tmp/nuevos.csv"
    content = var.passengers
  }

  volumes {
    volume_name    = docker_volume.models.name
    container_path = "/app/models"
    read_only      = true
  }
}

# %%
import json

passengers = """pclass,name,sex,age,sibsp,parch,ticket,fare,cabin,embarked
1,"Bukater, Miss. Rose",female,17,0,1,PC 17599,71.28,B52,S
3,"Dawson, Mr. Jack",male,20,0,0,A/5 21171,7.25,,S
"""
lab.write("pasajeros.auto.tfvars.json", json.dumps({"passengers": passengers}))
lab.apply()
print(lab.docker.logs(f"{prefix}_predict"))

# %% [markdown]
# ## Servir: una pregunta, una respuesta
#
# El mismo código detrás de una puerta HTTP. Un proyecto de verdad usaría **FastAPI**; aquí basta la
# biblioteca estándar, que ya está en la imagen, para ver qué es un servicio: `/health` dice que vive,
# `/predict` responde, `/metrics` cuenta.

# %%
SERVER = '''"""Predicciones por HTTP: POST /predict con un CSV; GET /health y /metrics."""

import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from titanic.errors import TitanicError
from titanic.settings import Settings
from titanic.stages import predict

SETTINGS = Settings.from_environment()
COUNTS = {"200": 0, "400": 0}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        lines = [f'predicciones_total{{codigo="{code}"}} {n}' for code, n in COUNTS.items()]
        pages = {"/health": "ok", "/metrics": "\\n".join(lines)}
        self.answer(200 if self.path in pages else 404, pages.get(self.path, "No existe"))

    def do_POST(self):
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder, "in.csv"), Path(folder, "out.csv")
            source.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                predict.run(SETTINGS, source, target)
                code, text = 200, target.read_text()
            except TitanicError as error:
                code, text = 400, str(error)
        COUNTS[str(code)] += 1
        self.answer(code, text)

    def answer(self, code, text):
        self.send_response(code)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode() + b"\\n")


ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
'''
(lab.folder / "server.py").write_text(SERVER)
print(f"server.py: {len(SERVER.splitlines())} líneas")

# %% [markdown]
# Y el contenedor, que ya no es un trabajo *batch*: `restart = "unless-stopped"` lo levanta si cae,
# `wait = true` hace que `apply` no acabe hasta que el *healthcheck* diga que está sano, y el puerto lo
# elige Docker para no chocar con nadie.

# %%
# %%hcl serving.tf
resource "docker_container" "serving" {
  depends_on = [docker_container.pipeline]

  name    = "${var.prefix}_serving"
  image   = docker_image.pipeline.name
  command = ["python", "/app/server.py"]
  restart = "unless-stopped"

  wait         = true
  wait_timeout = 60

  upload {
    file    = "/app/server.py"
    content = file("${path.root}/server.py")
  }

  volumes {
    volume_name    = docker_volume.models.name
    container_path = "/app/models"
    read_only      = true
  }

  ports {
    internal = 8000
    ip       = "127.0.0.1"
  }

  healthcheck {
    test     = ["CMD", "python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health')"]
    interval = "1s"
    timeout  = "5s"
    retries  = 30
  }
}

output "url" {
  value = "http://127.0.0.1:${docker_container.serving.ports[0].external}"
}

# %%
lab.apply()

# %%
lab.picture()

# %% [markdown]
# ## Ahora tú
#
# Pregúntale por ti: cambia clase, sexo, edad o tarifa. ¿Qué mueve más la probabilidad?

# %%
import io

import requests

url = lab.output()["url"]
me = """pclass,name,sex,age,sibsp,parch,ticket,fare,cabin,embarked
2,"Estudiante, Sra. Ana",female,30,0,0,SC 1,13.0,,C
"""
answer = requests.post(f"{url}/predict", data=me.encode(), timeout=30)
pd.read_csv(io.StringIO(answer.text))

# %% [markdown]
# ¿Y si la pregunta está mal? Un servicio no se cae por eso: contesta 400 y dice qué le falta.

# %%
wrong = requests.post(f"{url}/predict", data=b"edad\n30\n", timeout=30)
print(wrong.status_code, wrong.text)

# %% [markdown]
# ## Observar
#
# `/metrics` habla el idioma de Prometheus. Un módulo `observability` pondría un Prometheus que lo lea
# cada pocos segundos y un Grafana que lo dibuje.

# %%
print(requests.get(f"{url}/metrics", timeout=5).text)

# %% [markdown]
# Los logs centralizados son aún menos: `shared/logging.tf` decide el driver de **todos** los contenedores
# de la plataforma.

# %%
print((repository() / "infra/modules/shared/logging.tf").read_text())

# %% [markdown]
# Y la semilla de un *Model Registry* es lo que el entrenamiento deja escrito junto al modelo:

# %%
metrics = json.loads(lab.docker.read(f"{prefix}_models", "metrics.json"))
metrics["experiment"], metrics["model"], metrics["cross_validation"]

# %% [markdown]
# ## Compruébalo

# %%
quiz("11-1")

# %%
quiz("11-2")

# %%
quiz("11-3")

# %% tags=["teardown"]
lab.teardown()
