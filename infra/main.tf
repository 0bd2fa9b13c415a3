# La plataforma Titanic: una imagen, cinco volúmenes, una red privada y cinco
# contenedores batch que se ejecutan en orden: ingest → transform → features → train → evaluate.

provider "docker" {}

locals {
  root_path = var.root_path != "" ? var.root_path : abspath("${path.root}/..")
}

module "shared" {
  source = "./modules/shared"

  prefix = var.prefix
  run_id = var.run_id
}

# Ingeniería de Datos: volúmenes, red y contenedores ETL.
module "data_layer" {
  source = "./modules/data_layer"

  prefix     = var.prefix
  run_id     = var.run_id
  image_name = module.ml_training.image_name
  shared     = module.shared
}

# Ciencia de Datos: imagen, entrenamiento y evaluación.
module "ml_training" {
  source = "./modules/ml_training"

  prefix          = var.prefix
  run_id          = var.run_id
  image_repo      = var.image_repo
  image_tag       = var.image_tag
  root_path       = local.root_path
  base_image      = var.base_image
  build_args      = var.build_args
  network_name    = module.data_layer.network_name
  features_volume = module.data_layer.volumes.features
  models_volume   = module.data_layer.volumes.models
  etl_exit_codes  = module.data_layer.exit_codes
  cv_repeats      = var.cv_repeats
  shared          = module.shared
}
