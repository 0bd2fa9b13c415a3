variables {
  prefix = "plantest"
  run_id = "r1"
}

run "what_lasts_has_no_run_label" {
  command = plan
  module {
    source = "./modules/shared"
  }

  assert {
    condition     = output.labels == { "taller.prefix" = "plantest" }
    error_message = "Lo que vive más que una ejecución no puede llevar run_id."
  }

  assert {
    condition     = output.run_labels["taller.run"] == "r1"
    error_message = "Los contenedores dicen a qué ejecución pertenecen."
  }

  assert {
    condition     = can(output.log_opts["max-size"])
    error_message = "Los logs tienen un tope de tamaño."
  }
}
