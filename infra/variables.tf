variable "prefix" {
  description = "Ambiente o estudiante (dev, stg, prod…): todo nombre que se crea en Docker empieza así."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.prefix))
    error_message = "prefix: de 1 a 31 caracteres, empieza por una letra minúscula y sigue con minúsculas, números o guiones (por ejemplo: dev, stg, ana-01)."
  }
}

variable "run_id" {
  description = "Identifica una ejecución del pipeline: un valor nuevo lo ejecuta otra vez."
  type        = string
  default     = "local1"

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$", var.run_id))
    error_message = "run_id: de 1 a 40 letras, números, puntos, guiones o guiones bajos, sin espacios (por ejemplo: local1 o 20260131T120000Z)."
  }
}

variable "image_tag" {
  description = "Versión de la imagen, por ejemplo el commit: git rev-parse --short HEAD."
  type        = string
  default     = "dev"

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "image_tag: una etiqueta de Docker válida y distinta de latest, que no dice qué versión es (por ejemplo: v1.2.0-3f9c2ab)."
  }
}

variable "image_repo" {
  description = "Nombre base de la imagen; delante se le pone el prefix."
  type        = string
  default     = "titanic-pipeline"

  validation {
    condition     = can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", var.image_repo))
    error_message = "image_repo: minúsculas, números y separadores sueltos . _ - (por ejemplo: titanic-pipeline)."
  }
}

variable "root_path" {
  description = "Carpeta con el Dockerfile y src/titanic; vacía significa la carpeta que contiene a infra/."
  type        = string
  default     = ""
}

variable "base_image" {
  description = "Imagen base del Dockerfile: con un registry al alcance, python:3.12-slim; si no, la que prepara taller doctor."
  type        = string
  default     = "python:3.12-slim"
}

variable "build_args" {
  description = "Otros argumentos del build, por ejemplo el índice de pip de la organización."
  type        = map(string)
  default     = {}
}

variable "cv_repeats" {
  description = "Repeticiones de la validación cruzada (de 5 partes): menos es más rápido y menos preciso."
  type        = number
  default     = 10

  validation {
    condition     = contains(range(1, 11), var.cv_repeats)
    error_message = "cv_repeats: un número entero de 1 a 10."
  }
}
