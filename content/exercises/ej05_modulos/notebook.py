# %% [markdown]
# # Ejercicio 5 · Módulos
#
# Tres volúmenes, una red, un contenedor: todo en `main.tf`. Funciona, pero mañana habrá un
# ambiente `stg` y otro `prod`, y copiar y pegar no es un plan. Vas a **extraer** la capa de datos a
# un módulo, `data_layer`, y a usarlo desde `main.tf`.
#
# Hay una dificultad, y es lo más interesante: **los volúmenes ya existen y tienen datos**.
# Reorganizar el código no puede costar ni una fila.
#
# Al terminar sabrás:
#
# - escribir un módulo: lo que recibe (variables), lo que hace y lo que devuelve (outputs);
# - llamarlo, y conectar sus outputs con lo demás;
# - mover recursos en el state con `moved`, sin destruir nada.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

lab = Lab("ej05", prefix=prefix)

# %% [markdown]
# ## 1. El punto de partida
#
# Esta celda y la siguiente ya están hechas. El contenedor `ingest` deja un archivo en `raw`: son los
# datos que no queremos perder.

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
  description = "Imagen del contenedor de ingesta."
  type        = string
}

# %%
# %%hcl main.tf
resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}

resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"
}

resource "docker_volume" "gold" {
  name = "${var.prefix}_gold"
}

resource "docker_network" "analytics" {
  name     = "${var.prefix}_analytics"
  internal = true
}

resource "docker_container" "ingest" {
  name     = "${var.prefix}_ingest"
  image    = var.base_image
  command  = ["sh", "-c", "echo 'pasajeros: 1309' > /data/raw/pasajeros.txt"]
  must_run = false
  attach   = true

  networks_advanced {
    name = docker_network.analytics.name
  }

  volumes {
    volume_name    = docker_volume.raw.name
    container_path = "/data/raw"
  }
}

# %% [markdown]
# Lo creamos una sola vez, y `lab.begin()` apunta qué hay: desde ese momento, tu cuaderno lleva la
# cuenta de qué se crea y qué se destruye en Docker.

# %%
if not lab.state_list():
    lab.apply()
    lab.begin()
lab.state_list()

# %%
lab.picture()

# %% [markdown]
# ## 2. El módulo, por dentro
#
# Un módulo es una carpeta con archivos `.tf`. Empieza por **lo que recibe**. Como cualquier
# configuración, además dice qué provider necesita (pero no lo configura: eso lo hace quien lo llama).

# %% tags=["answer"] grade_id="module_variables_tf"
# %%hcl modules/data_layer/variables.tf
### BEGIN SOLUTION: pide el provider docker (required_providers) y declara la variable prefix (string)
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

variable "prefix" {
  description = "Con él empieza cada nombre."
  type        = string
}
### END SOLUTION

# %% [markdown]
# Sigue con **lo que hace**: los tres volúmenes y la red, con los nombres que ya tienen.

# %% tags=["answer"] grade_id="module_main_tf"
# %%hcl modules/data_layer/main.tf
### BEGIN SOLUTION: trae aquí los tres docker_volume (raw, silver, gold) y la docker_network analytics
resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}

resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"
}

resource "docker_volume" "gold" {
  name = "${var.prefix}_gold"
}

resource "docker_network" "analytics" {
  name     = "${var.prefix}_analytics"
  internal = true
}
### END SOLUTION

# %% [markdown]
# Y termina con **lo que devuelve**. Desde fuera de un módulo solo se ven sus outputs.

# %% tags=["answer"] grade_id="module_outputs_tf"
# %%hcl modules/data_layer/outputs.tf
### BEGIN SOLUTION: publica raw_volume, silver_volume, gold_volume y network_name
output "raw_volume" {
  value = docker_volume.raw.name
}

output "silver_volume" {
  value = docker_volume.silver.name
}

output "gold_volume" {
  value = docker_volume.gold.name
}

output "network_name" {
  value = docker_network.analytics.name
}
### END SOLUTION

# %% [markdown]
# ## 3. El módulo, por fuera
#
# Ahora `main.tf` solo **llama** al módulo y conecta el contenedor con sus outputs
# (`module.data_layer.…`). Los volúmenes y la red ya no se declaran aquí.
#
# Para Terraform, `docker_volume.raw` y `module.data_layer.docker_volume.raw` son recursos distintos:
# destruiría uno y crearía el otro. Un bloque `moved` le explica que es el mismo, con otra dirección:
#
# ```hcl
# moved {
#   from = docker_volume.raw
#   to   = module.data_layer.docker_volume.raw
# }
# ```

# %% tags=["answer"] grade_id="main_tf"
# %%hcl main.tf
### BEGIN SOLUTION: llama al módulo data_layer (source y prefix) y di con cuatro moved qué ha cambiado de sitio
module "data_layer" {
  source = "./modules/data_layer"
  prefix = var.prefix
}

moved {
  from = docker_volume.raw
  to   = module.data_layer.docker_volume.raw
}

moved {
  from = docker_volume.silver
  to   = module.data_layer.docker_volume.silver
}

moved {
  from = docker_volume.gold
  to   = module.data_layer.docker_volume.gold
}

moved {
  from = docker_network.analytics
  to   = module.data_layer.docker_network.analytics
}
### END SOLUTION

resource "docker_container" "ingest" {
  name     = "${var.prefix}_ingest"
  image    = var.base_image
  command  = ["sh", "-c", "echo 'pasajeros: 1309' > /data/raw/pasajeros.txt"]
  must_run = false
  attach   = true

  ### BEGIN SOLUTION: conéctalo a la red y monta raw en /data/raw, con los outputs del módulo
  networks_advanced {
    name = module.data_layer.network_name
  }

  volumes {
    volume_name    = module.data_layer.raw_volume
    container_path = "/data/raw"
  }
  ### END SOLUTION
}

# %% tags=["check"] grade_id="module"
lab.check(
    "module_has_layers", "module_called", "module_is_named", "outputs_published", "outputs_connected"
)

# %% [markdown]
# ## 4. El plan, antes de tocar nada
#
# Lee el plan con calma. Lo que buscamos son cuatro recursos que **cambian de dirección** y nada que
# crear ni destruir. Un `-` o un `±` aquí son datos que se pierden.

# %%
plan = lab.plan()
plan

# %% [markdown]
# Por eso la celda siguiente no obedece a ciegas: si el plan destruye algo, no lo aplica. Es lo mismo
# que hará un pipeline de CI prudente.

# %%
losses = [*plan.to_destroy, *plan.to_replace]
if losses:
    print("Este plan destruiría", ", ".join(losses), "y no lo aplico: revisa tus bloques moved.")
else:
    lab.apply(plan)

# %%
lab.state_list()

# %% [markdown]
# Las direcciones empiezan por `module.data_layer`, y en Docker no ha pasado nada: los mismos
# volúmenes, la misma red, el mismo archivo.

# %% tags=["check"] grade_id="moved"
lab.check("state_in_module", "nothing_recreated", "plan_is_empty")

# %% [markdown]
# Y una pregunta más: ¿y si los valores fueran otros? Esta comprobación pide otro plan, con
# `prefix = "stg"`, en una copia de tus archivos: no toca nada de lo que has creado.

# %% tags=["check"] grade_id="other"
lab.check("other_prefix")

# %%
lab.graph()

# %% [markdown]
# ## 5. Recoger
#
# `moved` es también documentación: quien tenga este código aplicado en otro ambiente, al actualizar,
# hará la misma mudanza sin darse cuenta. Déjalos ahí una temporada antes de borrarlos.

# %% tags=["teardown"]
lab.teardown()
