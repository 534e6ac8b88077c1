"""The steps of cleaning a ticket's text: characters, markup, mail, signatures, ticket systems."""
