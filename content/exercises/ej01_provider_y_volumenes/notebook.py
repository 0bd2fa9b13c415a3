# %% [markdown]
# # Ejercicio 1 · Provider y volúmenes
#
# La plataforma Titanic guarda sus datos por **capas**: `raw` (tal como llegan), `silver` (limpios)
# y `gold` (listos para entrenar). Cada capa vive en un **volumen** de Docker, y en este ejercicio
# los vas a crear tú, con Terraform.
#
# Al terminar sabrás:
#
# - decir a Terraform qué *provider* necesita y en qué versión;
# - declarar una variable y usarla para poner nombres;
# - crear tres `docker_volume` y publicar sus nombres como *outputs*;
# - comprobar en Docker que lo declarado existe.
#
# Busca los `# TODO`: ahí va tu respuesta. Puedes ejecutar cada celda tantas veces como quieras.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

lab = Lab("ej01", prefix=prefix)

# %% [markdown]
# ## 1. El provider
#
# Terraform no sabe nada de Docker: se lo enseña un *provider*. En `required_providers` decimos
# **cuál** (su dirección en el registro, `kreuzwerker/docker`) y **qué versiones** aceptamos.
# `~> 3.0` significa «cualquier 3.x, pero no la 4»: eso es lo que pedimos, porque una versión mayor
# nueva puede cambiar la forma de escribir las cosas.
#
# El prefijo de los nombres es una **variable**: así el mismo código sirve para `dev`, `stg` y
# `prod`, y nadie pisa los volúmenes del vecino.

# %% tags=["answer"] grade_id="versions_tf"
# %%hcl versions.tf
terraform {
  ### BEGIN SOLUTION: pide el provider docker (required_providers), con su source y su version
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
  ### END SOLUTION
}

### BEGIN SOLUTION: configura el provider docker y declara la variable prefix, de tipo string
provider "docker" {}

variable "prefix" {
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
  default     = "dev"
}
### END SOLUTION

# %% tags=["check"] grade_id="provider"
lab.check("required_provider", "prefix_variable")

# %% [markdown]
# ## 2. Los tres volúmenes
#
# Con `prefix = "dev"` deben llamarse `dev_raw`, `dev_silver` y `dev_gold`; con otro prefijo,
# de otra manera. Para mezclar texto y variables se escribe `"${var.prefix}_algo"`.

# %% tags=["answer"] grade_id="main_tf"
# %%hcl main.tf
### BEGIN SOLUTION: declara tres docker_volume (raw, silver y gold) cuyo nombre empiece por el prefijo
resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}

resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"
}

resource "docker_volume" "gold" {
  name = "${var.prefix}_gold"
}
### END SOLUTION

# %% [markdown]
# ## 3. Los outputs
#
# Un *output* es lo que tu configuración cuenta a quien la usa. Los contenedores de los próximos
# ejercicios necesitarán los nombres de los volúmenes, así que los publicamos.

# %% tags=["answer"] grade_id="outputs_tf"
# %%hcl outputs.tf
### BEGIN SOLUTION: publica raw_volume, silver_volume y gold_volume con el nombre de cada volumen
output "raw_volume" {
  value = docker_volume.raw.name
}

output "silver_volume" {
  value = docker_volume.silver.name
}

output "gold_volume" {
  value = docker_volume.gold.name
}
### END SOLUTION

# %% [markdown]
# ## 4. Del plan a la realidad
#
# `plan` compara lo que has escrito con lo que existe y dice qué haría. Todavía no toca nada.

# %%
lab.plan()

# %% [markdown]
# ¿Ves tres recursos con `+`? Pues adelante: `apply` lo hace de verdad.

# %%
lab.apply()

# %% [markdown]
# Esto es lo que ves si escribes `docker volume ls`:

# %%
lab.docker.volumes()

# %%
lab.output()

# %%
lab.picture()

# %% tags=["check"] grade_id="volumes"
lab.check("raw_volume_exists", "silver_volume_exists", "gold_volume_exists")

# %% tags=["check"] grade_id="outputs"
lab.check("outputs_name_volumes")

# %% [markdown]
# ## 5. Declarar no es ordenar
#
# Si repites `plan`, no hay nada que hacer: tu código describe **cómo debe quedar** el mundo, no
# los pasos para llegar. Esa propiedad se llama *idempotencia*.

# %%
lab.plan()

# %% tags=["check"] grade_id="idempotence"
lab.check("plan_is_empty")

# %% [markdown]
# ## 6. ¿Y si el prefijo fuera otro?
#
# Los nombres de hoy pueden estar bien por casualidad. Esta comprobación pide otro plan, con
# `prefix = "stg"`, en una copia de tus archivos: no toca nada de lo que has creado.

# %% tags=["check"] grade_id="other"
lab.check("other_prefix")

# %% [markdown]
# ## 7. Recoger
#
# La última celda destruye lo que has creado. Tus archivos se quedan: un `apply` y vuelve todo.

# %% tags=["teardown"]
lab.teardown()
