variables {
  prefix   = "plantest"
  password = "una-clave-larga"
  shared = {
    labels     = { "taller.prefix" = "plantest" }
    log_driver = "json-file"
    log_opts   = {}
  }
}

run "the_connection_leads_to_a_database_on_this_machine_alone" {
  command = plan
  module {
    source = "./modules/state_pg"
  }

  assert {
    condition     = docker_container.postgres.ports[0].ip == "127.0.0.1"
    error_message = "PostgreSQL se publica solo en 127.0.0.1."
  }

  assert {
    condition     = nonsensitive(output.conn_str) == "postgres://taller:una-clave-larga@127.0.0.1:55432/tfstate?sslmode=disable"
    error_message = "La conexión no es la que usa backend \"pg\"."
  }

  assert {
    condition     = strcontains(nonsensitive(output.backend_config), "schema_name = \"terraform_remote_state\"")
    error_message = "backend_config trae el schema."
  }
}

run "the_database_writes_only_to_its_volume_within_its_memory" {
  command = plan
  module {
    source = "./modules/state_pg"
  }

  assert {
    condition     = docker_container.postgres.read_only && docker_container.postgres.memory == docker_container.postgres.memory_swap
    error_message = "El contenedor es de solo lectura y tiene un tope de memoria, sin swap."
  }

  assert {
    condition     = one(docker_container.postgres.volumes).volume_name == "plantest_state_pg"
    error_message = "Los datos van en el volumen del ambiente."
  }
}

run "a_password_that_does_not_fit_in_a_url_is_refused" {
  command = plan
  module {
    source = "./modules/state_pg"
  }
  variables {
    password = "clave@con/signos"
  }
  expect_failures = [var.password]
}

run "a_schema_name_with_a_hyphen_is_refused" {
  command = plan
  module {
    source = "./modules/state_pg"
  }
  variables {
    schema_name = "infra-data"
  }
  expect_failures = [var.schema_name]
}

run "a_port_above_65535_is_refused" {
  command = plan
  module {
    source = "./modules/state_pg"
  }
  variables {
    port = 70000
  }
  expect_failures = [var.port]
}
