"""Tokens for programs: log in, log out."""

from typing import Any

from django.contrib.auth import authenticate, logout
from django.contrib.auth.signals import user_logged_in, user_logged_out
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from knox.models import AuthToken
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from creditpath.accounts.errors import WrongCredentials


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=128, trim_whitespace=False, style={"input_type": "password"})


GRANTED_TOKEN = inline_serializer(
    "GrantedToken",
    {
        "token": serializers.CharField(help_text="Send it as `Authorization: Token …`; it is shown this once."),
        "expiry": serializers.DateTimeField(),
        "username": serializers.CharField(),
        "role": serializers.CharField(),
    },
)


class LoginView(APIView):
    """Exchange a user name and a password for a token; wrong tries count towards the lock-out as those of the page do."""

    authentication_classes = ()
    throttle_classes = (ScopedRateThrottle,)
    throttle_scope = "login"

    @extend_schema(
        operation_id="login",
        auth=[],
        request=CredentialsSerializer,
        responses={
            200: GRANTED_TOKEN,
            401: OpenApiResponse(description="The name or the password is wrong."),
            429: OpenApiResponse(description="Too many tries."),
        },
    )
    def post(self, request: Request) -> Response:
        credentials = CredentialsSerializer(data=request.data)
        credentials.is_valid(raise_exception=True)
        user = authenticate(request._request, **credentials.validated_data)
        if user is None:
            raise WrongCredentials()
        held, token = AuthToken.objects.create(user=user)
        user_logged_in.send(sender=type(user), request=request._request, user=user)
        return Response({"token": token, "expiry": held.expiry, "username": user.get_username(), "role": user.role})


class LogoutView(APIView):
    """Revoke the token that the request is made with, or end the session where a browser makes it."""

    @extend_schema(operation_id="logout", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        if request.auth is None:
            logout(request._request)
        else:
            request.auth.delete()
            user_logged_out.send(sender=type(request.user), request=request._request, user=request.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
