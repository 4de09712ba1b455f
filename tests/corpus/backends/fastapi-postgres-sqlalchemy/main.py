from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from repositories.database import create_schema, engine
from starlette.exceptions import HTTPException

from routes import articles, comments, profiles, tags, users
from services.errors import ServiceError


@asynccontextmanager
async def lifespan(_: FastAPI):
    await create_schema()
    yield
    await engine.dispose()


app = FastAPI(title="Conduit API", lifespan=lifespan)


def error_response(status_code: int, messages: list[str]) -> JSONResponse:
    return JSONResponse({"errors": {"body": messages}}, status_code=status_code)


@app.exception_handler(ServiceError)
async def handle_service_error(_: Request, exc: ServiceError) -> JSONResponse:
    return error_response(exc.status, exc.messages)


@app.exception_handler(RequestValidationError)
async def handle_validation_error(_: Request, exc: RequestValidationError) -> JSONResponse:
    messages = [
        f"{'.'.join(str(part) for part in error['loc'][1:])}: {error['msg']}"
        for error in exc.errors()
    ]
    return error_response(422, messages)


@app.exception_handler(HTTPException)
async def handle_http_error(_: Request, exc: HTTPException) -> JSONResponse:
    return error_response(exc.status_code, [str(exc.detail)])


@app.get("/api/health-check")
async def health_check() -> dict[str, str]:
    return {"status": "ok"}


for module in (users, profiles, articles, comments, tags):
    app.include_router(module.router, prefix="/api")
