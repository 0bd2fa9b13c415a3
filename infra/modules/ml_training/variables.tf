variable "prefix" {
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
  nullable    = false
}

variable "run_id" {
  description = "Ejecución del pipeline."
  type        = string
  nullable    = false
}

variable "image_repo" {
  description = "Nombre base de la imagen, sin etiqueta."
  type        = string
  nullable    = false
}

variable "image_tag" {
  description = "Versión de la imagen."
  type        = string
  nullable    = false
}

variable "root_path" {
  description = "Carpeta con el Dockerfile y src/titanic."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists("${var.root_path}/Dockerfile")
    error_message = "root_path: en esa carpeta no hay un Dockerfile."
  }
}

variable "base_image" {
  description = "Imagen base del Dockerfile."
  type        = string
  nullable    = false
}

variable "build_args" {
  description = "Otros argumentos del build."
  type        = map(string)
  default     = {}
}

variable "network_name" {
  description = "Red privada a la que se conectan los contenedores."
  type        = string
  nullable    = false
}

variable "features_volume" {
  description = "Volumen del que lee el entrenamiento."
  type        = string
  nullable    = false
}

variable "models_volume" {
  description = "Volumen en el que quedan el modelo y sus métricas."
  type        = string
  nullable    = false
}

variable "etl_exit_codes" {
  description = "Etapa ETL → código de salida: sin datos completos no se entrena."
  type        = map(number)
  nullable    = false
}

variable "experiment_name" {
  description = "Nombre del experimento que queda escrito junto al modelo."
  type        = string
  default     = "titanic_baseline"
}

variable "cv_repeats" {
  description = "Repeticiones de la validación cruzada."
  type        = number
  default     = 10
}

variable "shared" {
  description = "Salidas del módulo shared: etiquetas y opciones de logs."
  type = object({
    labels     = map(string)
    run_labels = map(string)
    log_driver = string
    log_opts   = map(string)
  })
  nullable = false
}
