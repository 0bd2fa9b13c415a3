variable "name" {
  description = "Nombre del contenedor; cambia en cada ejecución."
  type        = string
  nullable    = false
}

variable "image_name" {
  description = "Imagen que se ejecuta."
  type        = string
  nullable    = false
}

variable "command" {
  description = "Programa y argumentos."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.command) > 0
    error_message = "command: hace falta al menos el programa que se ejecuta."
  }
}

variable "env" {
  description = "Variables de entorno, en la forma NOMBRE=valor."
  type        = set(string)
  default     = []
}

variable "mounts" {
  description = "Volúmenes: dónde se monta cada uno y si solo se lee."
  type = map(object({
    volume    = string
    read_only = bool
  }))
  default = {}

  validation {
    condition     = alltrue([for path in keys(var.mounts) : startswith(path, "/")])
    error_message = "mounts: cada clave es una ruta absoluta dentro del contenedor, por ejemplo /app/data/raw."
  }
}

variable "network_name" {
  description = "Red a la que se conecta."
  type        = string
  nullable    = false
}

variable "memory_mb" {
  description = "Tope de memoria, en megabytes."
  type        = number
  default     = 512

  validation {
    condition     = var.memory_mb >= 6
    error_message = "memory_mb: Docker no acepta menos de 6 MB."
  }
}

variable "shared" {
  description = "Salidas del módulo shared: etiquetas y opciones de logs."
  type = object({
    run_labels = map(string)
    log_driver = string
    log_opts   = map(string)
  })
  nullable = false
}
