variables {
  prefix = "plantest"
  shared = {
    labels     = { "taller.prefix" = "plantest" }
    log_driver = "json-file"
    log_opts   = {}
  }
}

run "by_default_the_state_goes_to_a_server_on_this_machine" {
  command = plan
  module {
    source = "./modules/state_s3"
  }

  assert {
    condition     = docker_container.server[0].ports[0].ip == "127.0.0.1" && output.endpoint == "http://127.0.0.1:9000"
    error_message = "El servidor se publica solo en 127.0.0.1, y endpoint es ${output.endpoint}."
  }

  assert {
    condition     = docker_container.server[0].read_only && one(docker_container.server[0].volumes).volume_name == "plantest_state_s3"
    error_message = "El servidor solo escribe en el volumen del ambiente."
  }

  assert {
    condition     = output.key == "plantest/terraform.tfstate"
    error_message = "Cada ambiente tiene su state, y key es ${output.key}."
  }
}

run "the_backend_takes_a_lock_and_needs_no_aws" {
  command = plan
  module {
    source = "./modules/state_s3"
  }

  assert {
    condition = alltrue([
      for line in ["use_lockfile = true", "endpoints = { s3 = \"http://127.0.0.1:9000\" }", "access_key = \"taller\""] :
      strcontains(output.backend_config, line)
    ])
    error_message = "backend_config trae el lock, el endpoint y las credenciales."
  }
}

run "another_server_needs_no_container_and_its_credentials_come_from_the_environment" {
  command = plan
  module {
    source = "./modules/state_s3"
  }
  variables {
    endpoint    = "https://s3.eu-west-1.amazonaws.com"
    region      = "eu-west-1"
    bucket      = "equipo-tfstate"
    key         = "infra/data.tfstate"
    credentials = null
  }

  assert {
    condition     = length(docker_container.server) == 0 && length(docker_volume.objects) == 0 && output.name == null
    error_message = "Con endpoint no se crea ningún servidor."
  }

  assert {
    condition     = strcontains(output.backend_config, "s3 = \"https://s3.eu-west-1.amazonaws.com\"") && !strcontains(output.backend_config, "_key ")
    error_message = "backend_config apunta al servidor externo y no lleva credenciales."
  }
}

run "an_endpoint_without_a_scheme_is_refused" {
  command = plan
  module {
    source = "./modules/state_s3"
  }
  variables {
    endpoint = "s3.amazonaws.com"
  }
  expect_failures = [var.endpoint]
}

run "a_bucket_with_capitals_is_refused" {
  command = plan
  module {
    source = "./modules/state_s3"
  }
  variables {
    bucket = "TFState"
  }
  expect_failures = [var.bucket]
}

run "a_key_that_begins_with_a_slash_is_refused" {
  command = plan
  module {
    source = "./modules/state_s3"
  }
  variables {
    key = "/terraform.tfstate"
  }
  expect_failures = [var.key]
}

run "an_access_key_without_its_secret_is_refused" {
  command = plan
  module {
    source = "./modules/state_s3"
  }
  variables {
    credentials = { access_key = "ana", secret_key = "" }
  }
  expect_failures = [var.credentials]
}

run "a_port_with_decimals_is_refused" {
  command = plan
  module {
    source = "./modules/state_s3"
  }
  variables {
    port = 9000.5
  }
  expect_failures = [var.port]
}

run "a_region_with_spaces_is_refused" {
  command = plan
  module {
    source = "./modules/state_s3"
  }
  variables {
    region = "eu west 1"
  }
  expect_failures = [var.region]
}
