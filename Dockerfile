# The embedded Qiskit Runtime service (docs/emulator.md).
FROM python:3.12-slim

COPY . /src
RUN pip install --no-cache-dir '/src[aer,emulator,postgresql]' \
    && rm -rf /src \
    && useradd --create-home runtime \
    && install -d -o runtime /data
USER runtime
VOLUME /data
EXPOSE 8000

ENTRYPOINT ["dynclient", "emulator", "--host", "0.0.0.0", "--port", "8000"]
CMD ["--db", "/data/jobs.sqlite"]
