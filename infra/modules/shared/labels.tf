# Con estas etiquetas se sabe de quién es cada objeto, y "taller clean" borra solo los suyos.
# Lo que vive más que una ejecución (imagen, volúmenes, red) no lleva run_id: cambiarlo
# obligaría a recrearlo y se perderían los datos.
locals {
  labels     = { "taller.prefix" = var.prefix }
  run_labels = merge(local.labels, { "taller.run" = var.run_id })
}
