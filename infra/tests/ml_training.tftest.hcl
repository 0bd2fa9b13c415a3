variables {
  prefix          = "plantest"
  run_id          = "r1"
  image_repo      = "titanic-pipeline"
  image_tag       = "v1"
  root_path       = ".."
  base_image      = "taller/base:bookworm"
  network_name    = "plantest_analytics"
  features_volume = "plantest_features"
  models_volume   = "plantest_models"
  etl_exit_codes  = { ingest = 0, transform = 0, features = 0 }
  shared = {
    labels     = { "taller.prefix" = "plantest" }
    run_labels = { "taller.prefix" = "plantest", "taller.run" = "r1" }
    log_driver = "json-file"
    log_opts   = {}
  }
}

run "the_image_has_the_prefix_and_the_tag" {
  command = plan
  module {
    source = "./modules/ml_training"
  }

  assert {
    condition     = docker_image.pipeline.name == "plantest-titanic-pipeline:v1"
    error_message = "La imagen se llama ${docker_image.pipeline.name}."
  }

  assert {
    condition     = one(docker_image.pipeline.build).build_args["BASE_IMAGE"] == "taller/base:bookworm"
    error_message = "La imagen base llega al Dockerfile como BASE_IMAGE."
  }
}

run "a_folder_without_a_dockerfile_is_refused" {
  command = plan
  module {
    source = "./modules/ml_training"
  }
  variables {
    root_path = "./tests"
  }
  expect_failures = [var.root_path]
}
