# %% [markdown]
# # Ejercicio 3 · Contenedor de entrenamiento
#
# Tienes los volúmenes y tienes la imagen. Falta lo que da sentido a todo: un **contenedor** que lea
# los datos de `gold`, entrene el modelo y lo guarde en `models`.
#
# Al terminar sabrás:
#
# - declarar un `docker_container` que hace un trabajo y termina (*batch*);
# - montar volúmenes, y dejar **de solo lectura** lo que solo se lee;
# - distinguir «el apply ha terminado» de «el entrenamiento ha salido bien».

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

lab = Lab("ej03", prefix=prefix)

# %% [markdown]
# ## 1. Lo que ya tienes: la imagen
#
# Es la del ejercicio 2, con una variable nueva: `run_id`. Distingue una ejecución de otra, y aquí el
# laboratorio pasa `run_id = "local1"`.

# %%
# %%hcl base.tf
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
  type = string
}

variable "image_tag" {
  type = string
}

variable "run_id" {
  type = string
}

variable "root_path" {
  type = string
}

variable "base_image" {
  type = string
}

variable "build_args" {
  type    = map(string)
  default = {}
}

resource "docker_image" "titanic" {
  name         = "${var.prefix}-titanic-pipeline:${var.image_tag}"
  force_remove = true

  build {
    context    = var.root_path
    dockerfile = "Dockerfile"
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
  }
}

# %% [markdown]
# ## 2. Lo que ya tienes: los datos
#
# Un modelo no se entrena con un volumen vacío. Este contenedor ejecuta `ingest`, `transform` y
# `features` seguidas, y deja `gold` lleno. Es un trabajo *batch* como el que vas a escribir: léelo.

# %%
# %%hcl etl.tf
resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}

resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"
}

resource "docker_volume" "gold" {
  name = "${var.prefix}_gold"
}

resource "docker_container" "etl" {
  name  = "${var.prefix}_etl_${var.run_id}"
  image = docker_image.titanic.name
  command = ["python", "-c", <<-EOT
    from titanic.cli import main
    raise SystemExit(main(["ingest"]) or main(["transform"]) or main(["features"]))
  EOT
  ]

  restart  = "no"  # cuando acaba, no se vuelve a arrancar
  must_run = false # que acabe no es un error: es lo que queremos
  attach   = true  # apply espera hasta que termina
  logs     = true  # y guarda lo que ha escrito

  volumes {
    volume_name    = docker_volume.raw.name
    container_path = "/app/data/raw"
  }
  volumes {
    volume_name    = docker_volume.silver.name
    container_path = "/app/data/silver"
  }
  volumes {
    volume_name    = docker_volume.gold.name
    container_path = "/app/data/gold"
  }

  lifecycle {
    postcondition {
      condition     = self.exit_code == 0
      error_message = "El ETL no ha terminado bien: mira sus logs."
    }
  }
}

# %%
lab.apply()

# %%
lab.docker.logs(f"{prefix}_etl_local1")

# %% [markdown]
# ## 3. Tu contenedor
#
# Declara el volumen `<prefix>_models` y completa el contenedor `<prefix>_train_<run_id>`:
#
# - ejecuta `python -m titanic.cli train` con la imagen del pipeline (por **referencia**);
# - es un trabajo *batch*, como el ETL;
# - monta `gold` en `/app/data/features`, **de solo lectura**, y `models` en `/app/models`;
# - recibe en `env` el nombre del experimento, `EXPERIMENT_NAME=ej03`, y `TITANIC_CV_REPEATS=1`, que
#   valida el modelo una vez en lugar de diez: hoy tenemos prisa.
#
# **Dos tropiezos del ejemplo del curso.** `volumes { … }` con dos argumentos en una línea no es HCL
# válido: cada uno va en la suya. Y `host_path = ….mountpoint` es una ruta **del equipo donde corre
# Docker**: en cuanto el Engine es remoto, o Docker Desktop, no funciona. Usa `volume_name`.

# %% tags=["answer"] grade_id="train_tf"
# %%hcl train.tf
### BEGIN SOLUTION: declara el docker_volume models
resource "docker_volume" "models" {
  name = "${var.prefix}_models"
}
### END SOLUTION

resource "docker_container" "train" {
  depends_on = [docker_container.etl]

  ### BEGIN SOLUTION: nombre, imagen, comando, env, las opciones de un trabajo batch y los dos montajes
  name    = "${var.prefix}_train_${var.run_id}"
  image   = docker_image.titanic.name
  command = ["python", "-m", "titanic.cli", "train"]
  env     = ["EXPERIMENT_NAME=ej03", "TITANIC_CV_REPEATS=1"]

  restart  = "no"
  must_run = false
  attach   = true
  logs     = true

  volumes {
    volume_name    = docker_volume.gold.name
    container_path = "/app/data/features"
    read_only      = true
  }
  volumes {
    volume_name    = docker_volume.models.name
    container_path = "/app/models"
  }
  ### END SOLUTION

  lifecycle {
    postcondition {
      condition     = self.exit_code == 0
      error_message = "El entrenamiento no ha terminado bien (o Terraform no lo ha esperado): mira sus logs."
    }
  }
}

# %% [markdown]
# ## 4. Del plan a la realidad
#
# En el dibujo, los datos deberían ir de `gold` al entrenamiento y de ahí a `models`.

# %%
plan = lab.plan()
lab.picture(plan)

# %%
lab.apply(plan)

# %% tags=["check"] grade_id="container"
lab.check("container_exists", "image_by_reference", "command_is_train")

# %% tags=["check"] grade_id="mounts"
lab.check("gold_read_only", "models_mounted")

# %% [markdown]
# ## 5. ¿Ha salido bien?
#
# Que exista el contenedor no significa que haya entrenado nada. Lo dicen tres testigos: su **código
# de salida** (0 es bien), sus **logs** y lo que ha dejado en `models`.

# %%
lab.docker.containers()

# %%
lab.docker.logs(f"{prefix}_train_local1")

# %% [markdown]
# El apply solo habría mirado que el contenedor arrancase. La `postcondition` que ya estaba escrita es
# la que convierte un código distinto de 0 en un error de Terraform: sin ella, un entrenamiento
# fallido daría un apply verde.

# %% tags=["check"] grade_id="trained"
lab.check("train_succeeded", "model_saved", "plan_is_empty")

# %% [markdown]
# Y una pregunta más: ¿y si los valores fueran otros? Esta comprobación pide otro plan, con
# `prefix = "stg"` y `run_id = "r2"`, en una copia de tus archivos: no toca nada de lo que has creado.

# %% tags=["check"] grade_id="other"
lab.check("other_run")

# %%
lab.picture()

# %% [markdown]
# ## 6. Otra ejecución
#
# Un trabajo terminado no se repite: el plan está vacío. Para entrenar otra vez se cambia `run_id`, y
# con él el nombre. Mira el plan de la ejecución siguiente:

# %%
lab.plan(run_id="local2")

# %% [markdown]
# ## 7. Recoger

# %% tags=["teardown"]
lab.teardown()
