"""Servidor compatible con S3 para guardar el state: moto, con el bucket creado y en disco.

moto guarda los objetos en memoria. Aquí cada escritura se copia a un archivo antes de
responder, y al arrancar se lee: el state sobrevive a un reinicio del contenedor.
Las escrituras van de una en una, así la escritura condicional (If-None-Match: *, con la que
use_lockfile toma el lock) tiene un solo ganador.

moto no comprueba credenciales: por eso el puerto se publica solo en 127.0.0.1.

Cada escritura deja además una línea JSON en la salida del contenedor («docker logs»): qué, cuándo,
con qué resultado y qué quedó guardado. Quien usa el bucket no puede cambiar esa historia.
"""

import base64
import json
import os
import sys
import time
from pathlib import Path
from threading import Lock

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.models import s3_backends
from werkzeug.serving import run_simple

PORT = 9000
OBJECTS = Path(os.environ.get("S3_OBJECTS_FILE", "/var/lib/s3/objects.json"))
READS = ("GET", "HEAD", "OPTIONS")
SHOWN_BYTES = 64 * 1024
"""Lo más que enseña la historia de un objeto: un state del taller ocupa unos pocos KB."""


class Bucket:
    """El bucket del state: clave → bytes, en moto y en el archivo `path`."""

    def __init__(self, name, region, path):
        self.name, self.path = name, path
        self.backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self.backend.create_bucket(name, region)

    def load(self):
        """Devuelve a moto lo guardado; termina con un mensaje si el archivo está dañado."""
        if not self.path.exists():
            return
        try:
            objects = json.loads(self.path.read_text())
            for key, value in objects.items():
                self.backend.put_object(self.name, key, base64.b64decode(value, validate=True))
        except (ValueError, AttributeError, TypeError) as error:
            sys.exit(f"{self.path} está dañado ({error}). Copia el volumen antes de borrarlo.")

    def text(self, key):
        """Lo que hay ahora en un objeto, si cabe en la historia."""
        stored = self.backend.buckets[self.name].keys.get(key)
        value = stored.value if stored else b""
        return value.decode("utf-8", "replace") if len(value) <= SHOWN_BYTES else ""

    def save(self):
        """Reemplaza el archivo entero de una vez: nunca queda a medias."""
        keys = self.backend.buckets[self.name].keys
        objects = {key: base64.b64encode(keys[key].value).decode() for key in keys}
        draft = self.path.with_suffix(".tmp")
        with draft.open("w") as file:
            json.dump(objects, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


class Durable:
    """La aplicación WSGI `app`, con cada escritura guardada antes de responder."""

    def __init__(self, app, bucket):
        self.app, self.bucket, self.writing = app, bucket, Lock()

    def __call__(self, environ, start_response):
        if environ["REQUEST_METHOD"] in READS:
            return self.app(environ, start_response)
        answered = []

        def answer(status, headers, *more):
            answered.append(status)
            return start_response(status, headers, *more)

        with self.writing:
            # La respuesta se envía al recorrer el resultado, ya guardada la escritura.
            response = self.app(environ, answer)
            self.bucket.save()
            self.tell(environ, answered)
        return response

    def tell(self, environ, answered):
        """Cuenta una escritura en la salida del contenedor."""
        _, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
        status = int(answered[-1].split()[0]) if answered else 0
        body = self.bucket.text(key) if status < 300 else ""
        event = {"at": time.time(), "method": environ["REQUEST_METHOD"], "key": key}
        print(json.dumps({**event, "status": status, "body": body}), flush=True)


def main():
    bucket = Bucket(os.environ["S3_BUCKET"], os.environ["S3_REGION"], OBJECTS)
    bucket.load()
    print(f"S3 en el puerto {PORT}, bucket {bucket.name}", flush=True)
    app = Durable(DomainDispatcherApplication(create_backend_app), bucket)
    # Dentro del contenedor hay que escuchar en todas: Docker publica el puerto solo en 127.0.0.1.
    everywhere = "0.0.0.0"  # noqa: S104
    run_simple(everywhere, PORT, app, threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main()
