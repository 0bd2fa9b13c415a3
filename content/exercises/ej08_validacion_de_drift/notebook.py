# %% [markdown]
# # Ejercicio 8 (opcional) · Validación de drift
#
# Son las ocho de la mañana y en el panel falta una tabla. Anoche alguien «hizo sitio» en la máquina,
# a mano, y borró lo que no debía. El código no ha cambiado ni una coma; **la realidad, sí**. A esa
# diferencia se le llama *drift*, deriva.
#
# Hoy ese alguien serás tú. Al terminar sabrás:
#
# - construir una alarma de drift con `terraform plan`;
# - leer en el plan qué falta, y curarlo con `apply`;
# - decidir cuándo manda el código y cuándo manda la realidad;
# - qué recupera Terraform, y qué no.

# %% tags=["parameters"]
from taller import chosen_prefix

prefix = chosen_prefix()

# %%
from taller import Lab

lab = Lab("ej08", prefix=prefix)

# %% [markdown]
# ## 1. El punto de partida
#
# Dos capas, `raw` y `silver`, y un ETL que apunta en una tabla de `silver` la hora de cada vez que se ejecuta.
# Estas celdas ya están completas.

# %%
# %%hcl main.tf
terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

provider "docker" {}

variable "prefix" {
  description = "Ambiente o estudiante: con él empieza cada nombre."
  type        = string
}

variable "base_image" {
  description = "Imagen del ETL."
  type        = string
}

resource "docker_volume" "raw" {
  name = "${var.prefix}_raw"
}

resource "docker_volume" "silver" {
  name = "${var.prefix}_silver"
}

resource "docker_container" "etl" {
  name     = "${var.prefix}_etl"
  image    = var.base_image
  command  = ["sh", "-c", "date '+1309 pasajeros limpios a las %T.%N' >> /data/silver/tabla.csv"]
  must_run = false
  attach   = true

  volumes {
    volume_name    = docker_volume.silver.name
    container_path = "/data/silver"
  }
}

# %% [markdown]
# Y un volumen de pruebas, en un archivo aparte. Volveremos a él al final.

# %%
# %%hcl borrador.tf
resource "docker_volume" "borrador" {
  name = "${var.prefix}_borrador"
}

# %% [markdown]
# Lo creamos, y `lab.begin()` apunta cómo está todo al empezar: desde aquí, tu cuaderno lleva la cuenta
# de qué se crea y qué se borra en Docker, y de si ha sido Terraform. Si quieres repetir el ejercicio,
# ejecuta otra vez estas celdas y sigue.

# %%
lab.apply()
lab.begin()
lab.docker.ls(f"{prefix}_silver")

# %%
lab.picture()

# %% [markdown]
# ## 2. Una alarma
#
# `terraform plan` compara lo que dice el código con lo que hay. Con `-detailed-exitcode`, además, lo
# cuenta con su **código de salida**, que es lo que entiende un programa de *cron* o de CI:
#
# | código | significa |
# |---|---|
# | 0 | no hay nada que cambiar |
# | 1 | el plan ha fallado: no se sabe |
# | 2 | hay cambios pendientes: **drift** |
#
# `lab.terraform("plan", …, check=False)` ejecuta la orden y da un objeto con `.returncode`.

# %% tags=["answer"] grade_id="alarm"
def hay_drift():
    """True si lo que existe ya no es lo que dice el código."""
    ### BEGIN SOLUTION: ejecuta plan con -detailed-exitcode y -input=false, y devuelve True si el código es 2
    codigo = lab.terraform("plan", "-detailed-exitcode", "-input=false", check=False).returncode
    if codigo == 1:
        raise RuntimeError("El plan ha fallado: no se sabe si hay drift.")
    return codigo == 2
    ### END SOLUTION

# %% [markdown]
# Acabas de aplicar, así que ahora tiene que estar callada:

# %%
alarma = {"antes": hay_drift()}
alarma

# %% [markdown]
# Una alarma que se sabe la respuesta de memoria no avisa de nada. La comprobación la pone a prueba en
# varios mundos: quita un volumen vacío (`raw` o `borrador`), o lo deja como está, en un orden que
# nadie conoce, y le pregunta cada vez. Al terminar, todo queda como estaba.

# %% tags=["check"] grade_id="alarmed"
lab.check("alarm_works")

# %% [markdown]
# ## 3. El destrozo
#
# Borra el volumen `silver` **a mano**, sin Terraform. Docker no deja borrar un volumen mientras un
# contenedor lo use, aunque el contenedor haya terminado: tendrás que quitar antes el ETL.
#
# | en una terminal | en esta celda |
# |---|---|
# | `docker rm dev_etl` | `lab.docker.remove_container(f"{prefix}_etl")` |
# | `docker volume rm dev_silver` | `lab.docker.remove_volume(…)` |

# %% tags=["answer"] grade_id="damage"
### BEGIN SOLUTION: elimina a mano el contenedor <prefix>_etl y, después, el volumen <prefix>_silver
lab.docker.remove_container(f"{prefix}_etl")
lab.docker.remove_volume(f"{prefix}_silver")
### END SOLUTION

# %%
lab.docker.volumes()

# %% [markdown]
# ¿Suena?

# %%
alarma["durante"] = hay_drift()
alarma

# %% [markdown]
# ## 4. Leer el plan
#
# La alarma dice que pasa algo; el plan dice **qué**. Terraform no sabe quién ha sido ni cuándo: solo
# ve que dos cosas que él creó ya no están, y propone lo que haría falta para volver a tu código.

# %%
plan = lab.plan()
plan

# %% [markdown]
# Entrega las direcciones de lo que quiere crear. No las copies a mano: el plan las tiene en
# `plan.to_create` (y lo demás, en `plan.to_change`, `plan.to_destroy` y `plan.to_replace`).

# %% tags=["answer"] grade_id="reading"
### BEGIN SOLUTION: entrega con lab.values(propone=…) la lista de direcciones que el plan quiere crear
lab.values(propone=list(plan.to_create))
### END SOLUTION

# %% tags=["check"] grade_id="seen"
lab.check("plan_is_read")

# %% [markdown]
# ## 5. Curar
#
# El código tiene razón y la realidad no: que vuelva a ser lo que dice el código.

# %% tags=["answer"] grade_id="healing"
### BEGIN SOLUTION: haz que Docker vuelva a ser lo que dice el código
lab.apply()
### END SOLUTION

# %%
alarma["despues"] = hay_drift()
alarma

# %%
lab.docker.ls(f"{prefix}_silver")

# %% tags=["check"] grade_id="healed"
lab.check("drift_by_hand", "drift_is_healed")

# %% [markdown]
# ## 6. Explicarlo
#
# Una alarma que se apaga sin que nadie entienda por qué sonó volverá a sonar. Tres preguntas:
#
# **`compara`** — ¿Con qué ha comparado `plan` tu código para darse cuenta?
#
# - `"a"`: con el archivo del state, tal como quedó en el último apply;
# - `"b"`: con lo que Docker tiene ahora mismo: antes de comparar, refresca el state;
# - `"c"`: con la versión anterior de tu código.
#
# **`datos`** — `tabla.csv` está otra vez ahí. ¿Por qué?
#
# - `"a"`: Terraform guarda una copia de lo que hay en los volúmenes;
# - `"b"`: Docker no borra de verdad un volumen hasta que se reinicia;
# - `"c"`: el volumen nuevo nació vacío, y el ETL, al crearse de nuevo, volvió a escribir en él.
#
# **`recupera_raw`** — Si el volumen borrado hubiera sido `raw`, donde están los datos que llegaron
# de fuera, ¿los habría recuperado `apply`? (`True` o `False`)

# %% tags=["answer"] grade_id="explanation"
### BEGIN SOLUTION: entrega con lab.values(…) tus respuestas: compara, datos y recupera_raw
lab.values(compara="b", datos="c", recupera_raw=False)
### END SOLUTION

# %% tags=["check"] grade_id="explained"
lab.check("drift_is_explained")

# %% [markdown]
# ## 7. Cuando la realidad tiene razón
#
# No todo drift es un accidente. El volumen `borrador` ya no le hacía falta a nadie, y una compañera
# lo ha quitado con permiso de todo el equipo. Lo que ha olvidado es decírselo al código:

# %%
lab.docker.remove_volume(f"{prefix}_borrador")
lab.plan()

# %% [markdown]
# Si ahora aplicas, Terraform lo crea otra vez, y mañana discutiréis. Esta vez quien tiene que cambiar
# es el **código**: quita `borrador.tf` con `lab.remove(…)` y después aplica, para que también el state
# lo olvide.

# %% tags=["answer"] grade_id="retirement"
### BEGIN SOLUTION: retira borrador.tf de la configuración y aplica
lab.remove("borrador.tf")
lab.apply()
### END SOLUTION

# %%
lab.plan()

# %% tags=["check"] grade_id="retired"
lab.check("draft_is_retired", "plan_is_empty")

# %% [markdown]
# ## 8. Recoger
#
# Tu función `hay_drift()` es casi todo lo que necesita un equipo de verdad: falta ejecutarla cada
# noche y que avise a alguien. La lección 9 enseña cómo.

# %% tags=["teardown"]
lab.teardown()
