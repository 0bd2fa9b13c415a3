# train → evaluate: leen features y escriben en models.

module "train" {
  source     = "../batch_job"
  depends_on = [var.etl_exit_codes]

  name         = "${var.prefix}_train_${var.run_id}"
  image_name   = docker_image.pipeline.name
  command      = ["python", "-m", "titanic.cli", "train"]
  network_name = var.network_name
  shared       = var.shared

  env = [
    "MODE=train",
    "EXPERIMENT_NAME=${var.experiment_name}",
    "TITANIC_CV_REPEATS=${var.cv_repeats}",
  ]

  mounts = {
    "/app/data/features" = { volume = var.features_volume, read_only = true }
    "/app/models"        = { volume = var.models_volume, read_only = false }
  }
}

module "evaluate" {
  source     = "../batch_job"
  depends_on = [module.train]

  name         = "${var.prefix}_evaluate_${var.run_id}"
  image_name   = docker_image.pipeline.name
  command      = ["python", "-m", "titanic.cli", "evaluate"]
  network_name = var.network_name
  shared       = var.shared

  mounts = {
    "/app/data/features" = { volume = var.features_volume, read_only = true }
    "/app/models"        = { volume = var.models_volume, read_only = false }
  }
}
