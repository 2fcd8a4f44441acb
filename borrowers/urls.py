"""The pages of borrowers."""

from django.urls import URLPattern, path

from borrowers import import_views, loan_page

app_name = "borrowers"
urlpatterns: list[URLPattern] = [
    path("loans/<int:pk>/", loan_page.loan, name="loan"),
    path("import/", import_views.imports, name="imports"),
    path("import/<int:pk>/", import_views.one_import, name="import"),
    path("import/<int:pk>/mapping/", import_views.save_mapping, name="import-mapping"),
    path("import/<int:pk>/check/", import_views.check, name="import-check"),
    path("import/<int:pk>/start/", import_views.start, name="import-start"),
    path("import/<int:pk>/redraft/", import_views.redraft, name="import-redraft"),
    path("import/<int:pk>/report/", import_views.data_report, name="import-report"),
    path("import/<int:pk>/rejects.csv", import_views.rejects, name="import-rejects"),
    path("import/<int:pk>/mapping.toml", import_views.mapping_text, name="import-toml"),
]
