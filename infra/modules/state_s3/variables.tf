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

variable "build_args" {
  description = "Otros argumentos del build, por ejemplo el índice de pip de la organización."
  type        = map(string)
  default     = {}
}

variable "endpoint" {
  description = "Servidor S3 que ya existe (AWS S3 u otro), con el bucket creado; null arranca aquí uno propio."
  type        = string
  default     = null

  validation {
    condition     = var.endpoint == null || can(regex("^https?://[^/\\s]+$", var.endpoint))
    error_message = "endpoint: una dirección http o https, sin ruta (por ejemplo: https://s3.eu-west-1.amazonaws.com)."
  }
}

variable "region" {
  description = "Región del bucket."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.region))
    error_message = "region: minúsculas, números y guiones (por ejemplo: eu-west-1)."
  }
}

variable "bucket" {
  description = "Bucket en el que se guarda el state."
  type        = string
  default     = "tfstate"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "bucket: de 3 a 63 minúsculas, números, puntos o guiones (por ejemplo: tfstate)."
  }
}

variable "key" {
  description = "Nombre del state dentro del bucket; vacío significa PREFIX/terraform.tfstate."
  type        = string
  default     = ""

  validation {
    condition     = var.key == "" || can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", var.key))
    error_message = "key: una ruta sin espacios que no empieza ni termina por / (por ejemplo: dev/terraform.tfstate)."
  }
}

variable "credentials" {
  description = "Credenciales del bucket; null usa las del entorno (AWS_ACCESS_KEY_ID y AWS_SECRET_ACCESS_KEY, o el perfil de AWS). El servidor propio acepta cualquiera."
  type = object({
    access_key = string
    secret_key = string
  })
  default   = { access_key = "taller", secret_key = "taller" }
  sensitive = true

  validation {
    condition     = var.credentials == null || try(length(var.credentials.access_key) > 0 && length(var.credentials.secret_key) > 0, false)
    error_message = "credentials: access_key y secret_key van juntas y con valor; o null entero."
  }
}

variable "port" {
  description = "Puerto de esta máquina en el que escucha, solo en 127.0.0.1."
  type        = number
  default     = 9000

  validation {
    condition     = var.port >= 1024 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port: un número entero de 1024 a 65535 que nadie más use (por ejemplo: 9000)."
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
