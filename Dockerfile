# The Titanic pipeline. Any base with Python >= 3.11 and its venv module serves.
ARG BASE_IMAGE=python:3.12-slim

# --- Dependencies: built again only when their lock or the base image changes ---
FROM ${BASE_IMAGE} AS dependencies

# The classic builder leaves this stage behind as an image without a name: by this label it is found.
LABEL org.opencontainers.image.title="titanic-pipeline-dependencies"

# By this label `taller clean --all` knows the layers that a build leaves behind without a name.
LABEL taller.role=pipeline

# Where pip finds packages, when the default index does not serve. Given at build time only;
# left out, pip (and the base image's environment) decides.
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_CERT

COPY requirements-image.lock /tmp/requirements.lock

# What no stage uses goes in the layer that brings it: test suites, headers, type stubs, sources
# that were compiled, Arrow's Flight and S3 clients, copies of a library under a second name,
# sample data and pip itself. Bytecode is compiled
# here, once, since the user who runs the stages may not write it.
RUN python3 -m venv /opt/venv \
 && /opt/venv/bin/python -m pip install --no-cache-dir --no-compile --disable-pip-version-check \
      --require-hashes --only-binary :all: --requirement /tmp/requirements.lock \
 && cd /opt/venv/lib/python3.*/site-packages \
 && /opt/venv/bin/python -m pip uninstall --yes --quiet pip setuptools \
 && rm -rf pyarrow/include pyarrow/src pyarrow/tests \
      pyarrow/libarrow_flight.so* pyarrow/_flight*.so pyarrow/libarrow_s3.so* pyarrow/_s3fs*.so \
      pyarrow/libarrow_python.so pyarrow/libarrow_python.so.*.*.* \
      matplotlib/mpl-data/sample_data matplotlib/backends/web_backend \
 && find . -type d \( -name tests -o -name test \) -prune -exec rm -rf {} + \
 && find . -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.pyi' \
      -o -name '*.h' -o -name '*.hpp' -o -name '*.c' -o -name '*.cpp' \) -delete \
 && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash .

# --- The image ---
FROM ${BASE_IMAGE}

LABEL org.opencontainers.image.title="titanic-pipeline"

LABEL taller.role=pipeline

# A named volume that is mounted for the first time takes the owner of the folder under it.
# (A slim base may lack useradd.)
RUN echo 'titanic:x:10001:10001::/app:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'titanic:x:10001:' >> /etc/group \
 && mkdir -p /app/data/raw /app/data/silver /app/data/gold /app/data/features /app/models \
      /app/.cache/matplotlib \
 && chown -R titanic:titanic /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app/src \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/app/.cache/matplotlib

COPY --from=dependencies /opt/venv /opt/venv

WORKDIR /app
USER titanic

# matplotlib lists the fonts once, here, rather than in every container.
RUN python -c "import matplotlib.font_manager"

COPY src/titanic /app/src/titanic

CMD ["python", "-m", "titanic.cli", "--help"]
