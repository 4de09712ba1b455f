from flask import Blueprint, Flask, g, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash

from . import things

routes = Blueprint("routes", __name__)

@routes.get("/trial")
def trial():
    g.user = request.headers.get("Authorization", "")
    return jsonify({"status": "ok", "limit": request.args.get("limit", 20, type=int)})

@routes.post("/things")
def create():
    given = request.get_json(silent=True) or {}
    return jsonify({"thing": given}), 201

@routes.put("/things/<slug>")
@routes.delete("/things/<slug>/fans/<int:number>")
def change(slug, number=0):
    raise things.Missing(["is missing"])

def make():
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "secret"
    app.json.sort_keys = False
    app.register_blueprint(routes, url_prefix="/api")
    app.before_request(lambda: None)
    app.teardown_appcontext(lambda error: None)

    @app.errorhandler(things.Failure)
    def failed(error):
        return jsonify({"errors": {"body": error.messages}}), error.status

    @app.errorhandler(HTTPException)
    def refused(error):
        return jsonify({"errors": error.name}), error.code

    check_password_hash(generate_password_hash("a", method="pbkdf2:sha256:1"), "a")
    return app
