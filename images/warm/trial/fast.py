from contextlib import asynccontextmanager
from typing import Annotated, Any, Optional

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Query, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator
from starlette.exceptions import HTTPException as StarletteHTTPException

from . import things

class Author(BaseModel):
    model_config = ConfigDict(from_attributes=True, populate_by_name=True)
    username: str = Field(min_length=1, max_length=80)
    bio: Optional[str] = None
    image: str | None = None

class Thing(BaseModel):
    title: str
    made: int | None = None
    tagList: list[str] = Field(default_factory=list)
    more: dict[str, Any] = {}
    author: Author | None = None

    @field_validator("title")
    @classmethod
    def not_empty(cls, value: str) -> str:
        return value.strip()

class ThingBody(BaseModel):
    thing: Thing

class Page(BaseModel):
    things: list[Thing]
    count: int

router = APIRouter(prefix="/things", tags=["things"])

async def session():
    yield {}

def user(authorization: Annotated[str | None, Header()] = None) -> str | None:
    return authorization

User = Annotated[str | None, Depends(user)]

@router.get("", response_model=Page)
async def listed(who: User, tag: str | None = None, limit: int = Query(20, ge=1, le=100), offset: int = 0, db=Depends(session)):
    return {"things": [Thing(title="a", author=Author(username="b"))], "count": 1}

@router.post("", response_model=ThingBody, status_code=status.HTTP_201_CREATED)
async def create(body: ThingBody, who: User, db: Annotated[dict, Depends(session)]):
    return body

@router.put("/{slug}")
def change(slug: str, body: ThingBody, who: User = None) -> ThingBody:
    raise HTTPException(status_code=404, detail="missing")

@router.delete("/{slug}", status_code=204)
async def remove(slug: str, who: User = None):
    return Response(status_code=204)

@asynccontextmanager
async def lifespan(app):
    yield

def make():
    app = FastAPI(title="trial", lifespan=lifespan)
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    app.include_router(router, prefix="/api")

    @app.exception_handler(things.Failure)
    async def failed(request: Request, error: things.Failure):
        return JSONResponse(status_code=error.status, content={"errors": error.messages})

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError):
        return JSONResponse(status_code=422, content={"errors": [str(one["loc"]) for one in error.errors()]})

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException):
        return JSONResponse(status_code=error.status_code, content={"errors": error.detail})

    @app.get("/api/trial")
    async def trial():
        return {"status": "ok"}

    return app

app = make()
