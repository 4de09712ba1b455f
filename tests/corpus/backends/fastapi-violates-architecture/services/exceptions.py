class AppError(Exception):
    status_code = 400

    def __init__(self, *messages: str):
        super().__init__(*messages)
        self.messages = list(messages)


class Unauthorized(AppError):
    status_code = 401


class Forbidden(AppError):
    status_code = 403


class NotFound(AppError):
    status_code = 404


class Unprocessable(AppError):
    status_code = 422
