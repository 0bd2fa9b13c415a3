variables {
  prefix     = "plantest"
  run_id     = "r1"
  image_name = "plantest-titanic-pipeline:v1"
  shared = {
    labels     = { "taller.prefix" = "plantest" }
    run_labels = { "taller.prefix" = "plantest", "taller.run" = "r1" }
    log_driver = "json-file"
    log_opts   = {}
  }
}

run "the_network_is_private" {
  command = plan
  module {
    source = "./modules/data_layer"
  }

  assert {
    condition     = docker_network.analytics.internal
    error_message = "La red analytics no debe dar salida a Internet."
  }
}

run "every_volume_carries_its_owner" {
  command = plan
  module {
    source = "./modules/data_layer"
  }

  assert {
    condition = alltrue([
      for volume in [docker_volume.raw, docker_volume.silver, docker_volume.gold, docker_volume.features, docker_volume.models] :
      contains([for each in volume.labels : each.value if each.label == "taller.prefix"], "plantest")
    ])
    error_message = "Cada volumen lleva la etiqueta taller.prefix."
  }
}

run "the_etl_has_three_stages" {
  command = plan
  module {
    source = "./modules/data_layer"
  }

  assert {
    condition     = output.containers == { ingest = "plantest_ingest_r1", transform = "plantest_transform_r1", features = "plantest_features_r1" }
    error_message = "Las etapas son ingest, transform y features."
  }
}
