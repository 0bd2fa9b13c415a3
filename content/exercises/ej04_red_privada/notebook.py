# %% [markdown]
# # Ejercicio 4 · Red privada
#
# Hasta ahora cada contenedor ha trabajado por su cuenta. En la plataforma Titanic **se hablan**: el
# ETL publica una tabla y el entrenamiento la pide. Y no queremos que hablen con nadie más.
#
# Al terminar sabrás:
#
# - declarar una `docker_network` **interna**, sin salida a Internet;
# - conectar contenedores con `networks_advanced`, y darles un **alias**;
# - comprobar el aislamiento en Docker, en vez de suponerlo.
#
# El ETL de este ejercicio es de mentira (*dummy*): un servidor que publica un archivo de una línea.
# Lo que importa hoy no es qué dicen los contenedores, sino **por dónde**.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

lab = Lab("ej04", prefix=prefix)

# %% [markdown]
# ## 1. Lo que ya tienes
#
# El provider, dos variables y lo que ejecutará cada contenedor. Ejecuta la celda tal cual: tu
# respuesta empieza después, y usará `var.base_image`, `local.etl_command` y `local.train_command`.

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
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
}

variable "base_image" {
  description = "Una imagen con Python: aquí no hace falta la del pipeline."
  type        = string
}

locals {
  # Publica resumen.csv en el puerto 8000.
  etl_command = ["sh", "-c", <<-EOT
    mkdir -p /tmp/gold && cd /tmp/gold
    echo '1309 pasajeros' > resumen.csv
    exec python3 -m http.server 8000
  EOT
  ]

  # Pide resumen.csv a quien se llame «etl» y luego intenta salir a Internet.
  train_command = ["python3", "-c", <<-EOT
    import http.client, socket, time

    def ask():
        connection = http.client.HTTPConnection("etl", 8000, timeout=2)
        connection.request("GET", "/resumen.csv")
        return connection.getresponse().read().decode().strip()

    end = time.monotonic() + 3
    while True:
        try:
            print("El ETL publica:", ask())
            break
        except OSError as error:
            if time.monotonic() > end:
                raise SystemExit(f"No encuentro a «etl»: {error}")
            time.sleep(0.1)
    try:
        socket.create_connection(("198.41.0.4", 53), timeout=1)  # un servidor raíz de DNS
        print("Salida a Internet: sí")
    except OSError:
        print("Salida a Internet: no")
  EOT
  ]
}

# %% [markdown]
# ## 2. La red
#
# Docker tiene una red por defecto, `bridge`. En ella los contenedores **no se encuentran por su
# nombre**, comparten espacio con los de cualquier otro proyecto y salen a Internet.
#
# La nuestra será `<prefix>_analytics`. Con `internal = true`, quien esté dentro solo ve a quien
# también está dentro: sin ruta hacia fuera, un dato de los pasajeros no puede escaparse.

# %% tags=["answer"] grade_id="network_tf"
# %%hcl network.tf
### BEGIN SOLUTION: declara la docker_network «analytics», llamada <prefix>_analytics, bridge e interna
resource "docker_network" "analytics" {
  name     = "${var.prefix}_analytics"
  driver   = "bridge"
  internal = true
}
### END SOLUTION

# %% [markdown]
# ## 3. El ETL, dentro de la red
#
# `networks_advanced` conecta un contenedor a una red **en lugar de** a `bridge`. La red se nombra
# por referencia (`docker_network.analytics.name`): así Terraform sabe que tiene que crearla antes.
#
# El contenedor se llama `<prefix>_etl`, pero quien le pregunte no debería saber de prefijos. Con
# `aliases` responde además a un nombre corto, siempre el mismo: `etl`.

# %% tags=["answer"] grade_id="etl_tf"
# %%hcl etl.tf
resource "docker_container" "etl" {
  ### BEGIN SOLUTION: nombre <prefix>_etl, imagen var.base_image, local.etl_command, red y alias «etl»
  name    = "${var.prefix}_etl"
  image   = var.base_image
  command = local.etl_command

  networks_advanced {
    name    = docker_network.analytics.name
    aliases = ["etl"]
  }
  ### END SOLUTION
}

# %% [markdown]
# ## 4. El entrenamiento, dentro de la misma red
#
# Este contenedor es un trabajo *batch*: pregunta, escribe la respuesta en sus logs y termina. Para
# que Terraform lo espere, en vez de creer que se ha caído, ya están puestos `must_run`, `attach` y
# `logs`; los verás con calma en el ejercicio 3. Complétalo.

# %% tags=["answer"] grade_id="train_tf"
# %%hcl train.tf
resource "docker_container" "train" {
  depends_on = [docker_container.etl]

  must_run = false
  attach   = true
  logs     = true

  ### BEGIN SOLUTION: nombre <prefix>_train, imagen var.base_image, local.train_command y la misma red
  name    = "${var.prefix}_train"
  image   = var.base_image
  command = local.train_command

  networks_advanced {
    name = docker_network.analytics.name
  }
  ### END SOLUTION
}

# %% [markdown]
# ## 5. Del plan a la realidad
#
# Antes de crear nada, mira el dibujo del plan: ¿están los dos contenedores dentro del mismo marco?

# %%
plan = lab.plan()
lab.picture(plan)

# %%
lab.apply(plan)

# %%
lab.picture()

# %% tags=["check"] grade_id="network"
lab.check("network_exists", "network_is_internal")

# %% tags=["check"] grade_id="attached"
lab.check("etl_attached", "train_attached", "network_by_reference")

# %% [markdown]
# ## 6. ¿De verdad están aislados?
#
# No te fíes del dibujo. Docker dice si la red es interna, y quién está en ella:

# %%
lab.docker.networks()

# %%
lab.docker.containers()

# %% [markdown]
# Y que lo cuente el propio entrenamiento, desde dentro.

# %%
lab.docker.logs(f"{prefix}_train")

# %% [markdown]
# Encuentra al ETL por su nombre y, en cambio, no consigue salir. Si tu equipo tiene Internet, prueba
# a quitar `internal = true`, aplica y vuelve a mirar: la segunda línea cambia. (Déjalo luego como
# estaba.)

# %% tags=["check"] grade_id="isolation"
lab.check("train_reaches_etl", "plan_is_empty")

# %% [markdown]
# Y una pregunta más: ¿y si los valores fueran otros? Esta comprobación pide otro plan, con
# `prefix = "stg"`, en una copia de tus archivos: no toca nada de lo que has creado.

# %% tags=["check"] grade_id="other"
lab.check("other_prefix")

# %% [markdown]
# ## 7. Recoger
#
# Una red no se puede borrar mientras alguien esté dentro. Terraform lo sabe, porque los
# contenedores la nombran por referencia: los destruye primero.

# %% tags=["teardown"]
lab.teardown()
