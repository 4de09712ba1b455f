"""Notes in PostgreSQL, and the ways to misuse it. It connects once while it starts: PostgreSQL has to be there."""
import os

import psycopg2
from flask import Flask, jsonify, request

app = Flask(__name__)


def connect(database="conduit"):
    return psycopg2.connect(host="postgres", port=5432, user="user", password="password", dbname=database)


with connect() as connection, connection.cursor() as cursor:
    cursor.execute("CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL)")


@app.get("/api/health-check")
def health():
    return jsonify(status="ok")


@app.post("/api/notes")
def add():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO notes (text) VALUES (%s)", (request.get_json()["text"],))
    return jsonify(status="ok"), 201


@app.get("/api/notes")
def all_notes():
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT text FROM notes ORDER BY text")
        return jsonify(notes=[text for text, in cursor])


@app.get("/api/environment")
def environment():
    with psycopg2.connect(os.environ["DATABASE_URL"]) as by_url, psycopg2.connect("") as by_variables:
        return jsonify(databases=[by_url.info.dbname, by_variables.info.dbname],
                       hosts=[by_url.info.host, by_variables.info.host])


@app.get("/api/refused")
def refused():
    """Neither a wrong password nor localhost gets in, as in the study's harness."""
    errors = []
    for host, password in (("postgres", "wrong"), ("127.0.0.1", "password")):
        try:
            psycopg2.connect(host=host, user="user", password=password, dbname="conduit")
        except psycopg2.OperationalError as error:
            errors.append(str(error))
    return jsonify(errors=errors)


@app.post("/api/flood")
def flood():
    held = []
    try:
        while len(held) < 300:
            held.append(connect())
    except psycopg2.OperationalError as error:
        return jsonify(held=len(held), error=str(error))
    finally:
        for connection in held:
            connection.close()


@app.post("/api/drop")
def drop():
    connection = connect("postgres")
    connection.autocommit = True
    connection.cursor().execute("DROP DATABASE conduit WITH (FORCE)")
    return jsonify(status="ok")


@app.post("/api/fill")
def fill():
    """More than the disk of a database holds, a megabyte a transaction."""
    with connect() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notes ALTER COLUMN text SET STORAGE EXTERNAL")
        for _ in range(1000):
            cursor.execute("INSERT INTO notes (text) VALUES (repeat('x', 1000000))")
            connection.commit()
    return jsonify(status="ok")


@app.post("/api/crash")
def crash():
    """What nobody does by accident; it stands for a PostgreSQL that dies of a bug of its own."""
    connection = connect()
    connection.autocommit = True
    connection.cursor().execute("COPY (SELECT 1) TO PROGRAM 'kill -9 $(head -1 /app/data/postmaster.pid)'")
    return jsonify(status="ok")


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080, threaded=True)
