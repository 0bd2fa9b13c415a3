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

variable "image_name" {
  description = "Imagen del pipeline, con su etiqueta."
  type        = string
  nullable    = false
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
