# La plataforma entera, en plan: nombres con prefix, y una etapa por contenedor.

variables {
  prefix     = "plantest"
  run_id     = "r1"
  image_tag  = "v1"
  base_image = "taller/base:bookworm"
}

run "every_name_begins_with_the_prefix" {
  command = plan

  assert {
    condition     = alltrue([for name in values(output.volumes) : startswith(name, "plantest_")])
    error_message = "Hay volúmenes sin el prefix: ${join(", ", values(output.volumes))}"
  }

  assert {
    condition     = alltrue([for name in values(output.containers) : startswith(name, "plantest_")])
    error_message = "Hay contenedores sin el prefix: ${join(", ", values(output.containers))}"
  }

  assert {
    condition     = output.network == "plantest_analytics"
    error_message = "La red se llama ${output.network}."
  }

  assert {
    condition     = output.image == "plantest-titanic-pipeline:v1"
    error_message = "La imagen se llama ${output.image}."
  }
}

run "there_are_five_layers_and_five_stages" {
  command = plan

  assert {
    condition     = toset(keys(output.volumes)) == toset(["raw", "silver", "gold", "features", "models"])
    error_message = "Capas: ${join(", ", keys(output.volumes))}"
  }

  assert {
    condition     = toset(keys(output.containers)) == toset(["ingest", "transform", "features", "train", "evaluate"])
    error_message = "Etapas: ${join(", ", keys(output.containers))}"
  }
}

run "another_run_id_gives_other_containers_on_the_same_volumes" {
  command = plan
  variables {
    run_id = "r2"
  }

  assert {
    condition     = alltrue([for name in values(output.containers) : endswith(name, "_r2")])
    error_message = "Hay contenedores que no cambian con run_id: ${join(", ", values(output.containers))}"
  }

  assert {
    condition     = output.volumes.raw == "plantest_raw"
    error_message = "El volumen raw no debe depender de run_id, y se llama ${output.volumes.raw}."
  }
}
