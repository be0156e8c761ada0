// The explorer of the REST API. Credentials stay in the page: nothing is remembered.
window.ui = SwaggerUIBundle({
  url: "/api/openapi.yaml",
  dom_id: "#explorer",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
});
