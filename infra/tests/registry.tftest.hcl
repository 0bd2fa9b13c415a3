variables {
  prefix   = "plantest"
  password = "una-clave-larga"
  shared = {
    labels     = { "taller.prefix" = "plantest" }
    log_driver = "json-file"
    log_opts   = {}
  }
}

run "the_registry_listens_on_this_machine_alone" {
  command = plan
  module {
    source = "./modules/registry"
  }

  assert {
    condition     = docker_container.registry.ports[0].ip == "127.0.0.1" && docker_container.registry.ports[0].external == 5000
    error_message = "El registry se publica en 127.0.0.1:5000."
  }

  assert {
    condition     = output.address == "127.0.0.1:5000" && output.url == "http://127.0.0.1:5000"
    error_message = "address es ${output.address} y url es ${output.url}."
  }
}

run "the_registry_writes_only_to_its_volume_within_its_memory" {
  command = plan
  module {
    source = "./modules/registry"
  }

  assert {
    condition     = docker_container.registry.read_only && docker_container.registry.memory == docker_container.registry.memory_swap
    error_message = "El registry es de solo lectura y tiene un tope de memoria, sin swap."
  }

  assert {
    condition     = one(docker_container.registry.volumes).volume_name == "plantest_registry"
    error_message = "Las imágenes van en el volumen del ambiente."
  }
}

run "its_image_is_shared_and_named_after_its_content" {
  command = plan
  module {
    source = "./modules/registry"
  }

  assert {
    condition     = can(regex("^taller/registry:[0-9a-f]{12}$", docker_image.registry.name)) && docker_image.registry.keep_locally
    error_message = "La imagen se llama ${docker_image.registry.name}, y no se borra con cada ambiente."
  }

  assert {
    condition     = one(docker_image.registry.build).labels == tomap({ "taller.role" = "service" })
    error_message = "La imagen lleva la etiqueta taller.role, y no la de un ambiente."
  }
}

run "a_short_password_is_refused" {
  command = plan
  module {
    source = "./modules/registry"
  }
  variables {
    password = "corta"
  }
  expect_failures = [var.password]
}

run "a_user_with_a_colon_is_refused" {
  command = plan
  module {
    source = "./modules/registry"
  }
  variables {
    user = "ana:admin"
  }
  expect_failures = [var.user]
}

run "a_privileged_port_is_refused" {
  command = plan
  module {
    source = "./modules/registry"
  }
  variables {
    port = 80
  }
  expect_failures = [var.port]
}

run "a_prefix_with_capitals_is_refused_by_the_registry" {
  command = plan
  module {
    source = "./modules/registry"
  }
  variables {
    prefix = "Dev"
  }
  expect_failures = [var.prefix]
}

run "an_empty_base_image_is_refused" {
  command = plan
  module {
    source = "./modules/registry"
  }
  variables {
    base_image = ""
  }
  expect_failures = [var.base_image]
}
