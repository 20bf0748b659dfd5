"""What made-up people are called and write, in English and in Spanish."""

from random import Random

# fmt: off
NAMES = {
    "en": (
        (
            "Ada", "Alan", "Amy", "Ben", "Clara", "Daniel", "Ellen", "Frank", "Grace", "Henry",
            "Iris", "Jack", "Kate", "Liam", "Mary", "Noah", "Olive", "Paul", "Rose", "Sam", "Tess",
            "Walter",
        ),
        (
            "Adams", "Baker", "Brown", "Carter", "Clark", "Cooper", "Evans", "Foster", "Green",
            "Hall", "Hill", "Hughes", "King", "Lewis", "Moore", "Parker", "Reed", "Scott", "Turner",
            "Ward", "Wood", "Young",
        ),
    ),
    "es": (
        (
            "Alba", "Ana", "Andrés", "Bruno", "Carmen", "Diego", "Elena", "Emilio", "Inés", "Iván",
            "Jimena", "Julia", "Lucía", "Marta", "Mateo", "Nuria", "Óscar", "Pablo", "Raúl",
            "Rocío", "Sofía", "Tomás",
        ),
        (
            "Álvarez", "Blanco", "Castro", "Díaz", "Flores", "García", "Gil", "Gómez", "Herrera",
            "López", "Marín", "Molina", "Moreno", "Muñoz", "Núñez", "Ortega", "Pérez", "Ramos",
            "Ruiz", "Sanz", "Torres", "Vega",
        ),
    ),
}
ABOUT = {
    "en": (
        "Bread, bicycles and bad puns.", "I teach physics and grow tomatoes.",
        "Mostly here to read.", "Tea before talk.", "Maps, trains, and the places between.",
        "Learning the cello, sorry neighbours.", "Writing down what I would forget.",
        "Two cats, one garden, no plan.",
    ),
    "es": (
        "Pan, bicicletas y malos chistes.", "Doy clases de música y cuido un huerto.",
        "Aquí sobre todo leo.", "Primero el café.", "Mapas, trenes y lo que hay en medio.",
        "Aprendo a dibujar, con paciencia.", "Apunto lo que olvidaría.",
        "Dos gatos, un balcón y ningún plan.",
    ),
}
WHEN = {
    "en": (
        "This morning", "Yesterday", "After lunch", "On the train", "Before work",
        "Late last night", "On Sunday", "While it rained", "Between two meetings", "At the market",
        "For once", "Once again",
    ),
    "es": (
        "Esta mañana", "Ayer", "Después de comer", "En el tren", "Antes del trabajo",
        "Anoche, tarde,", "El domingo", "Mientras llovía", "Entre dos reuniones", "En el mercado",
        "Por una vez", "Otra vez",
    ),
}
WHAT = {
    "en": (
        "I finally fixed the old radio", "the sourdough rose over the edge of the bowl",
        "I found a letter in a second-hand book", "the whole street smelled of coffee",
        "I got lost on a path I know by heart", "a stranger gave me half an umbrella",
        "we planted the last of the beans", "I read the same page four times",
        "the swifts came back", "I understood recursion, again", "the choir sang in the stairwell",
        "my bicycle made a new noise", "I tried the recipe without butter", "the fog never lifted",
        "we counted eleven herons", "I deleted more code than I wrote",
    ),
    "es": (
        "arreglé por fin la radio vieja", "la masa se salió del cuenco",
        "encontré una carta dentro de un libro usado", "toda la calle olía a café",
        "me perdí en un camino que conozco de memoria", "alguien me prestó medio paraguas",
        "plantamos las últimas judías", "leí cuatro veces la misma página",
        "volvieron los vencejos", "entendí la recursión, otra vez", "el coro cantó en la escalera",
        "la bici empezó a hacer otro ruido", "probé la receta sin mantequilla",
        "la niebla no se levantó", "contamos once garzas", "borré más código del que escribí",
    ),
}
SO_WHAT = {
    "en": (
        "", ".", ". Worth it.", ". Who knew?", ", and nobody was surprised.",
        ". I would do it again.", ". Small joys 🌱", ". Any advice?", ". More tomorrow.", "! 🎉",
        ". It took all day.", ". Ask me how I know.",
    ),
    "es": (
        "", ".", ". Mereció la pena.", ". ¿Quién lo diría?", ", y a nadie le extrañó.",
        ". Lo haría otra vez.", ". Pequeñas alegrías 🌱", ". ¿Algún consejo?", ". Mañana más.",
        "! 🎉", ". Me llevó todo el día.", ". No me preguntéis cómo.",
    ),
}
ANSWERS = {
    "en": (
        "Same here!", "I had no idea.", "That made my day.", "Are you sure?", "Tell us more.",
        "Where was that?", "I would have cried.", "Brilliant.",
        "It was like that for me too, years ago.", "Count me in next time.", "No way 😄",
        "Thank you, I needed that.",
    ),
    "es": (
        "¡A mí también!", "No tenía ni idea.", "Me has alegrado el día.", "¿Seguro?", "Cuenta más.",
        "¿Dónde fue?", "Yo habría llorado.", "Genial.", "A mí me pasó igual, hace años.",
        "La próxima vez me apunto.", "Qué va 😄", "Gracias, me hacía falta.",
    ),
}
TAGS = {
    "en": (
        "garden", "coffee", "bread", "books", "bicycles", "music", "code", "birds", "trains",
        "weather", "photography", "running", "maps", "chess", "tea", "history", "cats", "cinema",
        "hiking", "poetry",
    ),
    "es": (
        "huerto", "café", "pan", "libros", "bicicletas", "música", "código", "pájaros", "trenes",
        "tiempo", "fotografía", "correr", "mapas", "ajedrez", "té", "historia", "gatos", "cine",
        "senderismo", "poesía",
    ),
}
# fmt: on
MENTIONED, TAGGED = 0.1, 0.25


def post(rng: Random, language: str, somebody: str) -> str:
    """A few words, now and then with a hashtag, or with the name of somebody."""
    text = f"{rng.choice(WHEN[language])} {rng.choice(WHAT[language])}{rng.choice(SO_WHAT[language])}"
    if rng.random() < MENTIONED:
        text += f" @{somebody}"
    return _tagged(rng, language, text)


def answer(rng: Random, language: str, asked: str) -> str:
    """An answer, now and then by name."""
    text = rng.choice(ANSWERS[language])
    if rng.random() < MENTIONED:
        text = f"@{asked} {text}"
    return _tagged(rng, language, text) if rng.random() < MENTIONED else text


def _tagged(rng: Random, language: str, text: str) -> str:
    while rng.random() < TAGGED:
        tags = TAGS[language]
        # The first of the list far more often than the last.
        text += f" #{tags[int(len(tags) * rng.random() ** 2)]}"
    return text
