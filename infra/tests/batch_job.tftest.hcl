variables {
  name         = "plantest_job_r1"
  image_name   = "taller/base:bookworm"
  command      = ["python", "-c", "print('hola')"]
  network_name = "plantest_analytics"
  mounts = {
    "/in"  = { volume = "plantest_in", read_only = true }
    "/out" = { volume = "plantest_out", read_only = false }
  }
  shared = {
    run_labels = { "taller.prefix" = "plantest", "taller.run" = "r1" }
    log_driver = "json-file"
    log_opts   = {}
  }
}

run "what_is_only_read_is_mounted_read_only" {
  command = plan
  module {
    source = "./modules/batch_job"
  }

  assert {
    condition     = toset([for mount in docker_container.job.volumes : mount.container_path if mount.read_only]) == toset(["/in"])
    error_message = "Solo /in se monta de solo lectura."
  }
}

run "a_job_has_a_memory_limit_and_is_waited_for" {
  command = plan
  module {
    source = "./modules/batch_job"
  }

  assert {
    condition     = docker_container.job.memory == 512 && docker_container.job.memory_swap == 512
    error_message = "Cada trabajo tiene un tope de 512 MB, sin swap."
  }

  assert {
    condition     = docker_container.job.attach && !docker_container.job.must_run
    error_message = "Terraform espera a que el trabajo termine."
  }
}

run "a_relative_mount_path_is_refused" {
  command = plan
  module {
    source = "./modules/batch_job"
  }
  variables {
    mounts = { "datos" = { volume = "plantest_in", read_only = true } }
  }
  expect_failures = [var.mounts]
}

run "a_job_without_a_command_is_refused" {
  command = plan
  module {
    source = "./modules/batch_job"
  }
  variables {
    command = []
  }
  expect_failures = [var.command]
}
