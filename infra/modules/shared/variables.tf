variable "prefix" {
  description = "Ambiente o estudiante."
  type        = string
  nullable    = false
}

variable "run_id" {
  description = "Ejecución del pipeline."
  type        = string
  nullable    = false
}
