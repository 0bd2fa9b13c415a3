variable "prefix" {
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.prefix))
    error_message = "prefix: de 1 a 31 caracteres, empieza por una letra minúscula y sigue con minúsculas, números o guiones (por ejemplo: dev, ana-01)."
  }
}

variable "base_image" {
  description = "Imagen base: Debian con Python. Con un registry al alcance, python:3.12-slim; si no, la que prepara taller doctor."
  type        = string
  default     = "python:3.12-slim"

  validation {
    condition     = can(regex("^\\S+$", var.base_image))
    error_message = "base_image: el nombre de una imagen, sin espacios (por ejemplo: python:3.12-slim)."
  }
}

variable "user" {
  description = "Usuario del registry."
  type        = string
  default     = "taller"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,30}$", var.user))
    error_message = "user: minúsculas, números, guiones y guiones bajos; empieza por una letra (por ejemplo: taller)."
  }
}

variable "password" {
  description = "Contraseña del registry; el servidor solo guarda su hash."
  type        = string
  sensitive   = true
  nullable    = false

  validation {
    condition     = can(regex("^[!-~]{8,72}$", var.password))
    error_message = "password: de 8 a 72 letras, números o signos ASCII, sin espacios."
  }
}

variable "port" {
  description = "Puerto de esta máquina en el que escucha, solo en 127.0.0.1."
  type        = number
  default     = 5000

  validation {
    condition     = var.port >= 1024 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port: un número entero de 1024 a 65535 que nadie más use (por ejemplo: 5000)."
  }
}

variable "shared" {
  description = "Salidas del módulo shared: etiquetas y opciones de logs."
  type = object({
    labels     = map(string)
    log_driver = string
    log_opts   = map(string)
  })
  nullable = false
}
