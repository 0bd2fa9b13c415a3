# ingest → transform → features: cada etapa monta solo sus capas, y de solo lectura lo que lee.

module "ingest" {
  source = "../batch_job"

  name         = "${var.prefix}_ingest_${var.run_id}"
  image_name   = var.image_name
  command      = ["python", "-m", "titanic.cli", "ingest"]
  network_name = docker_network.analytics.name
  shared       = var.shared

  mounts = {
    "/app/data/raw" = { volume = docker_volume.raw.name, read_only = false }
  }
}

module "transform" {
  source     = "../batch_job"
  depends_on = [module.ingest]

  name         = "${var.prefix}_transform_${var.run_id}"
  image_name   = var.image_name
  command      = ["python", "-m", "titanic.cli", "transform"]
  network_name = docker_network.analytics.name
  shared       = var.shared

  mounts = {
    "/app/data/raw"    = { volume = docker_volume.raw.name, read_only = true }
    "/app/data/silver" = { volume = docker_volume.silver.name, read_only = false }
  }
}

module "features" {
  source     = "../batch_job"
  depends_on = [module.transform]

  name         = "${var.prefix}_features_${var.run_id}"
  image_name   = var.image_name
  command      = ["python", "-m", "titanic.cli", "features"]
  network_name = docker_network.analytics.name
  shared       = var.shared

  mounts = {
    "/app/data/silver"   = { volume = docker_volume.silver.name, read_only = true }
    "/app/data/gold"     = { volume = docker_volume.gold.name, read_only = false }
    "/app/data/features" = { volume = docker_volume.features.name, read_only = false }
  }
}
