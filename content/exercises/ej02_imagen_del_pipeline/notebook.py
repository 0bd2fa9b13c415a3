# %% [markdown]
# # Ejercicio 2 · Imagen del pipeline
#
# El pipeline Titanic es un programa de Python con sus dependencias, en versiones exactas. Para que
# funcione igual en tu portátil, en el de tu vecina y en producción, lo metemos en una **imagen**.
#
# La receta ya existe: es el `Dockerfile` del repositorio. En este ejercicio no la cocinas a mano con
# `docker build`: se la encargas a Terraform.
#
# Al terminar sabrás:
#
# - construir una imagen con `docker_image` y su bloque `build`;
# - darle una etiqueta que diga **qué versión es**, con la variable `image_tag`;
# - publicar su nombre y su identificador para quien la vaya a ejecutar.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

lab = Lab("ej02", prefix=prefix)

# %% [markdown]
# ## 1. Lo que ya tienes
#
# El provider y cuatro variables cuyo valor pone el laboratorio:
#
# | variable | qué es |
# |---|---|
# | `prefix` | con qué empieza cada nombre |
# | `root_path` | la carpeta del repositorio: ahí están el `Dockerfile` y `src/titanic` |
# | `base_image` | de qué imagen parte el `Dockerfile` |
# | `build_args` | otros ajustes del build, como el índice de pip de tu organización |

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

# %% [markdown]
# ## 2. La etiqueta, como variable
#
# `latest` no dice qué versión es: hoy es una imagen y mañana otra. La etiqueta será una variable, y
# su valor vendrá de fuera (por ejemplo, el commit: `git rev-parse --short HEAD`).
#
# Aquí el laboratorio pasa `image_tag = "dev"`. Si le pones un valor por defecto, que no sea `latest`.

# %% tags=["answer"] grade_id="variables_tf"
# %%hcl variables.tf
### BEGIN SOLUTION: declara la variable image_tag, de tipo string
variable "image_tag" {
  description = "Versión de la imagen, por ejemplo el commit."
  type        = string
}
### END SOLUTION

# %% [markdown]
# ## 3. La imagen
#
# Su nombre completo es `<prefix>-titanic-pipeline:<image_tag>`. El bloque `build` necesita:
#
# - `context`: la carpeta que se manda a Docker. El ejemplo del curso escribe `path.root`, la carpeta
#   de los `.tf`; en este laboratorio no es la del repositorio, así que usa `var.root_path`;
# - `dockerfile`: el nombre de la receta dentro del contexto;
# - `build_args`: la imagen base y los demás ajustes, en un solo mapa. `merge` junta dos:
#   `merge({ BASE_IMAGE = var.base_image }, var.build_args)`.

# %% tags=["answer"] grade_id="image_tf"
# %%hcl image.tf
resource "docker_image" "titanic" {
  ### BEGIN SOLUTION: pon el nombre, con prefix e image_tag, y el bloque build
  name = "${var.prefix}-titanic-pipeline:${var.image_tag}"

  build {
    context    = var.root_path
    dockerfile = "Dockerfile"
    build_args = merge({ BASE_IMAGE = var.base_image }, var.build_args)
  }
  ### END SOLUTION
}

# %% [markdown]
# ## 4. Los outputs
#
# Quien ejecute la imagen querrá saber cómo se llama (`name`) y, si necesita estar **seguro** de que
# es esa y no otra, su identificador (`image_id`): un resumen de su contenido que nadie puede mover.

# %% tags=["answer"] grade_id="outputs_tf"
# %%hcl outputs.tf
### BEGIN SOLUTION: publica image_name e image_id
output "image_name" {
  value = docker_image.titanic.name
}

output "image_id" {
  value = docker_image.titanic.image_id
}
### END SOLUTION

# %% tags=["check"] grade_id="declared"
lab.check("image_tag_variable", "image_named", "build_declared", "base_image_passed")

# %% [markdown]
# ## 5. Construir
#
# La primera vez puede tardar un par de minutos: hay que instalar pandas y scikit-learn. Después,
# Docker reutiliza las capas que no han cambiado.

# %%
lab.apply()

# %%
lab.docker.images()

# %%
lab.output()

# %% tags=["check"] grade_id="built"
lab.check("image_exists", "outputs_name_image", "plan_is_empty")

# %% [markdown]
# Y una pregunta más: ¿y si los valores fueran otros? Estas comprobaciones piden otro plan, con
# `prefix = "stg"` y con `image_tag = "v9"`, en una copia de tus archivos: no tocan lo que has creado.

# %% tags=["check"] grade_id="other"
lab.check("other_prefix", "other_tag")

# %% [markdown]
# ## 6. ¿Y si cambia la etiqueta?
#
# Pide el plan de otra versión, sin aplicarlo. El nombre obliga a reemplazar el recurso (`±`): para
# Terraform, otra etiqueta es otra imagen. En el ejercicio 6 harás que convivan varias.

# %%
lab.plan(image_tag="v2")

# %% [markdown]
# Un aviso para el camino: el provider **no mira dentro del contexto**. Si cambias el código de
# `src/titanic` y no la etiqueta, el plan sale vacío y la imagen sigue siendo la vieja. Por eso la
# etiqueta sale del commit. (En `infra/modules/ml_training/image.tf` verás la otra solución:
# `triggers`.)

# %% [markdown]
# ## 7. Recoger

# %% tags=["teardown"]
lab.teardown()
