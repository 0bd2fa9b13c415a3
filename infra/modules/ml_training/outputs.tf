output "image_name" {
  description = "Imagen del pipeline, con su etiqueta."
  value       = docker_image.pipeline.name
}

output "containers" {
  description = "Etapa → nombre del contenedor."
  value = {
    train    = module.train.name
    evaluate = module.evaluate.name
  }
}

output "exit_codes" {
  description = "Etapa → código de salida."
  value = {
    train    = module.train.exit_code
    evaluate = module.evaluate.exit_code
  }
}
