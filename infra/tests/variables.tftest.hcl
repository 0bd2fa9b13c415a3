# Las cuatro variables clave rechazan lo que Docker no aceptaría, y lo dicen antes de crear nada.

variables {
  base_image = "taller/base:bookworm"
}

run "a_prefix_with_capitals_is_refused" {
  command = plan
  variables {
    prefix = "Dev"
  }
  expect_failures = [var.prefix]
}

run "an_empty_prefix_is_refused" {
  command = plan
  variables {
    prefix = ""
  }
  expect_failures = [var.prefix]
}

run "a_run_id_with_spaces_is_refused" {
  command = plan
  variables {
    run_id = "lunes por la tarde"
  }
  expect_failures = [var.run_id]
}

run "the_latest_tag_is_refused" {
  command = plan
  variables {
    image_tag = "latest"
  }
  expect_failures = [var.image_tag]
}

run "an_image_repo_with_capitals_is_refused" {
  command = plan
  variables {
    image_repo = "Titanic"
  }
  expect_failures = [var.image_repo]
}

run "zero_cross_validation_repeats_are_refused" {
  command = plan
  variables {
    cv_repeats = 0
  }
  expect_failures = [var.cv_repeats]
}
