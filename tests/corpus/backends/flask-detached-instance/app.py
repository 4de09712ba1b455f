import os

from flask import Flask, jsonify
from repositories.database import create_schema
from routes.articles import articles_bp
from routes.comments import comments_bp
from routes.helpers import close_session
from routes.profiles import profiles_bp
from routes.tags import tags_bp
from routes.users import users_bp
from werkzeug.exceptions import HTTPException

from services.errors import ServiceError


def create_app() -> Flask:
    app = Flask(__name__)
    app.json.sort_keys = False
    create_schema()

    for blueprint in (users_bp, profiles_bp, articles_bp, comments_bp, tags_bp):
        app.register_blueprint(blueprint, url_prefix="/api")
    app.teardown_appcontext(close_session)

    @app.get("/api/health-check")
    def health_check():
        return jsonify({"status": "ok"})

    @app.errorhandler(ServiceError)
    def handle_service_error(error: ServiceError):
        return jsonify({"errors": {"body": error.messages}}), error.status

    @app.errorhandler(HTTPException)
    def handle_http_error(error: HTTPException):
        return jsonify({"errors": {"body": [error.name]}}), error.code

    return app


if __name__ == "__main__":
    create_app().run(host="0.0.0.0", port=int(os.environ.get("PORT", "8080")), threaded=True)
