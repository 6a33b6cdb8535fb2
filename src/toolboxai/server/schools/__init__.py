"""Schools, their people and classes, and the trail of what was done with them."""

from toolboxai.server.schools.audit_routes import router as audit_router
from toolboxai.server.schools.class_routes import router as classes_router
from toolboxai.server.schools.school_routes import router as schools_router
from toolboxai.server.schools.user_routes import router as users_router

routers = (schools_router, users_router, classes_router, audit_router)

__all__ = ["routers"]
