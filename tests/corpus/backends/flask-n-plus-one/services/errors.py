class ServiceError(Exception):
    status = 400

    def __init__(self, *messages: str):
        super().__init__(*messages)
        self.messages = list(messages)


class UnauthorizedError(ServiceError):
    status = 401


class ForbiddenError(ServiceError):
    status = 403


class NotFoundError(ServiceError):
    status = 404


class ValidationError(ServiceError):
    status = 422
