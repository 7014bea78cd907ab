"""The second tier: HTTP requests to models, kept by the request.

::

    clients     finds the HTTP clients that an SDK's object sends through
    hold        wraps the transports of those                                 site: what was given for one
    transport   stands in the place of a transport
    request     which requests are cached, and the parts of their keys       endpoints: the table of them
    exchange    a request's way, over `llm_memo.call`                        ordinals: equal requests of one call
    sending     what is done when it is sent: judged, counted, kept
    response    what is kept of an answer, and an answer made of it          events: where its events end
"""
